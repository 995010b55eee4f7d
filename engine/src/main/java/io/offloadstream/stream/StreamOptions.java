/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import java.nio.file.Path;

/**
 * How weights are read.
 *
 * @param io AUTO maps when everything fits, reads directly otherwise, buffered where direct io is
 *     refused (one WARN)
 * @param scheduler order and depth of prefetch
 * @param prefetchLayers groups read ahead of the one that computes; the ring has one slot more
 * @param readThreads requests in flight; as the number of slots, a begin only with COST_AWARE
 * @param trace where to write a Chrome/Perfetto trace, or null
 */
public record StreamOptions(
        Io io, SchedulerKind scheduler, int prefetchLayers, int readThreads, Path trace) {

    /** What most machines want: 1 group ahead and 8 requests in flight to begin with. */
    public static final StreamOptions DEFAULT =
            new StreamOptions(Io.AUTO, SchedulerKind.COST_AWARE, 1, 8, null);

    /**
     * Returns the same with another depth.
     *
     * @param groups read ahead of the one that computes
     * @return a copy
     */
    public StreamOptions withPrefetchLayers(int groups) {
        return new StreamOptions(io, scheduler, groups, readThreads, trace);
    }

    /** How files are read. */
    public enum Io {
        AUTO,
        DIRECT,
        MMAP,
        BUFFERED,
        /** From disk to the device past host memory: GPUDirect Storage. */
        GDS
    }

    /** How far ahead is read. */
    public enum SchedulerKind {
        /** A window that slides with the pass. */
        LOOKAHEAD,
        /** Blocks of groups: the next block is read while the current one computes. */
        BLOCK,
        /**
         * A window that slides with the pass; how many slots it has, how many requests are in
         * flight and how large they are is found by the times that passes take. To a device it is
         * {@link #LOOKAHEAD}.
         */
        COST_AWARE
    }
}
