/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.platform.OffloadStreamException;

/**
 * A thread that brings what the pipeline asks for into slots. It outlives failures, which are
 * handed to the pass that needs the bytes, and stops when the pipeline does; it is never
 * interrupted, which would close the file for all.
 */
final class Reader implements Runnable {

    private final Pipeline pipeline;
    private final PieceReads reads;

    Reader(Pipeline pipeline, PieceReads reads) {
        this.pipeline = pipeline;
        this.reads = reads;
    }

    @Override
    public void run() {
        for (Work work = pipeline.requests().take();
                work != null;
                work = pipeline.requests().take()) {
            reads.begin();
            pipeline.complete(work, reads, carry(work));
        }
    }

    private OffloadStreamException carry(Work work) {
        try {
            work.slot().home().route().carry(work, reads);
            return null;
        } catch (OffloadStreamException e) {
            return e;
        } catch (Throwable e) {
            return new OffloadStreamException("a read of " + work.name() + ": " + e, e);
        }
    }
}
