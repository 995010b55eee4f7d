/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.platform.OffloadStreamException;
import java.util.function.LongSupplier;

/**
 * What one reader thread does for one piece: reads from disk, timed and traced, or a copy from host
 * memory that keeps the group.
 */
final class PieceReads {

    private final WeightFiles files;
    private final TraceFile trace;
    private final int track;
    private final LongSupplier clock;
    private long diskBytes;
    private long diskNanos;
    private long hostBytes;

    PieceReads(WeightFiles files, TraceFile trace, int track, LongSupplier clock) {
        this.files = files;
        this.trace = trace;
        this.track = track;
        this.clock = clock;
    }

    /** Forgets the piece before. */
    void begin() {
        diskBytes = 0;
        diskNanos = 0;
        hostBytes = 0;
    }

    /**
     * Reads a piece from its file.
     *
     * @param address in host memory, of {@link Piece#length()} bytes
     * @throws OffloadStreamException if the read fails or the file ends too early
     */
    void read(Work work, long address) {
        read(work, files.into(work.piece(), address));
    }

    /**
     * Reads a piece from its file by another way.
     *
     * @param source reads it
     * @throws OffloadStreamException if the read fails or the file ends too early
     */
    void read(Work work, WeightFiles.Source source) {
        long start = clock.getAsLong();
        try {
            files.read(work.piece(), work.name(), source);
        } finally {
            add(work, start, clock.getAsLong() - start);
        }
    }

    /** Counts a piece that was read from disk without passing through {@link #read}. */
    void add(Work work, long startNanos, long nanos) {
        diskNanos += nanos;
        diskBytes += work.piece().length();
        // traced first: who sees the group filled finds its reads in the trace
        if (trace != null) {
            trace.event(track, work.name(), startNanos, nanos, work.piece().length());
        }
    }

    /** Counts bytes that host memory kept from an earlier pass. */
    void fromHost(long bytes) {
        hostBytes += bytes;
    }

    long diskBytes() {
        return diskBytes;
    }

    long diskNanos() {
        return diskNanos;
    }

    long hostBytes() {
        return hostBytes;
    }
}
