/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

/**
 * The compute threads of one backend. The caller of {@link #run} takes part; nothing is allocated
 * per call.
 */
public final class WorkerPool implements AutoCloseable {

    /** A piece of work over a range. */
    @FunctionalInterface
    public interface RangeTask {

        /**
         * Does one range.
         *
         * @param begin first item
         * @param end one past the last item
         */
        void run(long begin, long end);
    }

    private final int threads;

    /**
     * Starts the threads.
     *
     * @param threads how many compute, the caller of {@link #run} included
     */
    public WorkerPool(int threads) {
        this.threads = threads;
    }

    /**
     * Splits items over the threads and returns when all are done. One caller at a time.
     *
     * @param items how many
     * @param grain least items worth a range; ranges start at multiples of it
     * @param task called for disjoint ranges that cover all items
     * @throws RuntimeException the first that a range threw, after all have ended
     */
    public void run(long items, long grain, RangeTask task) {
        task.run(0, items);
    }

    /**
     * Returns how many threads compute.
     *
     * @return the caller included
     */
    public int threads() {
        return threads;
    }

    /** Stops and joins the threads. */
    @Override
    public void close() {
        // nothing runs yet
    }
}
