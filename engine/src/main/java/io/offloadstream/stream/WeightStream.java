/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.Storage;

/**
 * Yields weight groups in the order of a pass, reading ahead of it: a ring of slots filled by
 * reader threads, and slots of their own for resident groups. Order is circular: the first groups
 * of the next pass are read while the last ones of this pass compute.
 */
public final class WeightStream implements AutoCloseable {

    private WeightStream() {}

    /**
     * Opens the files, allocates the ring and starts the readers.
     *
     * @param plan groups, tiers, ring
     * @param options io, scheduler, threads, trace
     * @param budget what slots and resident groups are charged to; the stream registers as its
     *     reclaimer, resident groups that are not leased being what it gives back
     * @param storage where the files come from
     * @return the stream, for the caller to close
     */
    public static WeightStream open(
            ResidencyPlan plan, StreamOptions options, MemoryBudget budget, Storage storage) {
        throw new UnsupportedOperationException("pending");
    }

    /**
     * Begins a pass, waiting for earlier ones to end.
     *
     * @param order indices of STREAMED groups, in the order in which {@link StreamPass#next} yields
     *     them
     * @return the pass, for the caller to close
     * @throws PassCancelledException if the calling thread is interrupted while waiting
     * @throws io.offloadstream.platform.OffloadStreamException if a file has changed since it was
     *     opened
     */
    public StreamPass begin(int[] order) {
        throw new UnsupportedOperationException("pending");
    }

    /**
     * Returns how many rows one {@link StreamPass#gather} takes.
     *
     * @return rows
     */
    public int gatherRows() {
        throw new UnsupportedOperationException("pending");
    }

    /**
     * Returns what has happened so far.
     *
     * @return a consistent copy
     */
    public StreamStats stats() {
        throw new UnsupportedOperationException("pending");
    }

    /** Ends a running pass, stops the readers, closes the files, frees the memory. */
    @Override
    public void close() {
        throw new UnsupportedOperationException("pending");
    }
}
