/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.platform.OffloadStreamException;

/**
 * A thread that reads what the pipeline asks for. It outlives failed reads, which are handed to the
 * pass that needs the bytes, and stops when the pipeline does; it is never interrupted, which would
 * close the file for all.
 */
final class Reader implements Runnable {

    private final Pipeline pipeline;
    private final WeightFiles files;
    private final TraceFile trace;
    private final int track;

    Reader(Pipeline pipeline, WeightFiles files, TraceFile trace, int track) {
        this.pipeline = pipeline;
        this.files = files;
        this.trace = trace;
        this.track = track;
    }

    @Override
    public void run() {
        for (Work work = pipeline.take(); work != null; work = pipeline.take()) {
            long start = System.nanoTime();
            OffloadStreamException failure = read(work);
            long nanos = System.nanoTime() - start;
            // traced first: who sees the group filled finds its reads in the trace
            if (trace != null) {
                trace.event(track, work.name(), start, nanos, work.piece().length());
            }
            pipeline.complete(work, nanos, failure);
        }
    }

    private OffloadStreamException read(Work work) {
        try {
            files.read(work.piece(), work.slot().memory(), work.name());
            return null;
        } catch (OffloadStreamException e) {
            return e;
        } catch (Throwable e) {
            return new OffloadStreamException("a read of " + work.name() + ": " + e, e);
        }
    }
}
