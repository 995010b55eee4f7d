/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * The compute threads of one backend. The caller of {@link #run} takes part; nothing is allocated
 * per call.
 *
 * <p>A run is a round: the caller publishes the work and opens the round, workers enter it, take
 * ranges from a shared cursor until none is left, and leave. The caller does the same, closes the
 * round and waits for those inside, so a worker that wakes late finds the round closed and holds
 * nobody up. Waiting threads spin for {@link #SPIN_NANOS} and then park.
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

    /**
     * How long a waiting thread spins: longer than the serial stretches between the kernels of a
     * block (some microseconds), and of the order of what waking a parked thread costs.
     */
    private static final long SPIN_NANOS = 50_000;

    /**
     * What is left is divided by so many ranges per thread to get the next one, never less than the
     * grain. So ranges are long at first, where memory is read best, and short at the end, where
     * threads that run unevenly would wait for each other.
     */
    private static final int SHARES_PER_THREAD = 2;

    private static final AtomicInteger NAMES = new AtomicInteger();

    /** In {@link #round}: set while workers may enter. */
    private static final long OPEN = 1L << 16;

    /** In {@link #round}: the number of workers inside. */
    private static final long INSIDE = OPEN - 1;

    /** In {@link #round}: from here up, the number of the round, by which workers enter it once. */
    private static final int NUMBER_SHIFT = 17;

    private final Worker[] workers;
    private final AtomicLong round = new AtomicLong();
    private final AtomicInteger callers = new AtomicInteger();
    private final AtomicLong cursor = new AtomicLong();
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private volatile boolean closed;
    private volatile Thread waitingCaller;

    // The work of the open round; written before it opens, read only inside it.
    private RangeTask task;
    private long items;
    private long grainItems;

    /**
     * Starts the threads.
     *
     * @param threads how many compute, the caller of {@link #run} included; at least 1
     */
    public WorkerPool(int threads) {
        if (threads < 1 || threads > INSIDE) {
            throw new IllegalArgumentException(
                    "threads is " + threads + "; 1 to " + INSIDE + " are possible");
        }
        workers = new Worker[threads - 1];
        for (int i = 0; i < workers.length; i++) {
            workers[i] = new Worker();
        }
        for (Worker worker : workers) {
            worker.thread.start();
        }
    }

    /**
     * Splits items over the threads and returns when all are done. One caller at a time.
     *
     * @param items how many; with 0 nothing is called
     * @param grain least items worth a range; ranges start at multiples of it
     * @param task called for disjoint ranges that cover all items
     * @throws RuntimeException the first that a range threw, after all begun have ended; ranges not
     *     begun by then are left out
     * @throws IllegalStateException if the pool is closed or runs already
     */
    public void run(long items, long grain, RangeTask task) {
        if (items < 0 || grain < 1) {
            throw new IllegalArgumentException(
                    items + " items in grains of " + grain + "; needed: >= 0 in grains of >= 1");
        }
        if (!callers.compareAndSet(0, 1)) {
            throw new IllegalStateException(
                    closed
                            ? "the worker pool is closed"
                            : "the worker pool runs already; it takes one caller at a time");
        }
        try {
            if (workers.length == 0 || items <= grain) {
                if (items > 0) {
                    task.run(0, items);
                }
            } else {
                runRound(items, grain, task);
            }
        } finally {
            callers.set(0);
        }
    }

    private void runRound(long count, long grain, RangeTask work) {
        task = work;
        items = count;
        grainItems = grain;
        cursor.set(0);
        failure.set(null);
        round.set((((round.get() >>> NUMBER_SHIFT) + 1) << NUMBER_SHIFT) | OPEN);
        for (Worker worker : workers) {
            worker.wake();
        }
        takeRanges();
        // The round closes here; from now on the count of those inside only falls.
        if ((round.addAndGet(-OPEN) & INSIDE) != 0) {
            awaitWorkers();
        }
        task = null;
        Throwable thrown = failure.getAndSet(null);
        if (thrown instanceof RuntimeException exception) {
            throw exception;
        }
        if (thrown instanceof Error error) {
            throw error;
        }
        if (thrown != null) {
            throw new OffloadStreamException("a compute range failed", thrown);
        }
    }

    private void takeRanges() {
        try {
            for (long begin = cursor.get(); begin < items; begin = cursor.get()) {
                long end = endOfRange(begin);
                if (cursor.compareAndSet(begin, end)) {
                    task.run(begin, end);
                }
            }
        } catch (Throwable e) { // an Error too must not end the thread: it is the caller's
            failure.compareAndSet(null, e);
            cursor.set(items);
        }
    }

    private long endOfRange(long begin) {
        long left = items - begin;
        long share = left / ((long) threads() * SHARES_PER_THREAD) / grainItems * grainItems;
        return begin + Math.min(left, Math.max(grainItems, share));
    }

    private void awaitWorkers() {
        long deadline = System.nanoTime() + SPIN_NANOS;
        while ((round.get() & INSIDE) != 0) {
            if (System.nanoTime() - deadline < 0) {
                Thread.onSpinWait();
            } else {
                waitingCaller = Thread.currentThread();
                if ((round.get() & INSIDE) != 0) {
                    LockSupport.park(this);
                }
                waitingCaller = null;
            }
        }
    }

    /**
     * Returns how many threads compute.
     *
     * @return the caller included
     */
    public int threads() {
        return workers.length + 1;
    }

    /**
     * Stops and joins the threads. Closing twice has no effect.
     *
     * @throws IllegalStateException if a run is in progress
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        if (!callers.compareAndSet(0, 1)) {
            throw new IllegalStateException("the worker pool is closed while it runs");
        }
        closed = true;
        for (Worker worker : workers) {
            worker.wake();
        }
        for (Worker worker : workers) {
            while (worker.thread.isAlive()) {
                // Like join, but the caller's interrupt status stays as it is.
                LockSupport.parkNanos(this, SPIN_NANOS);
            }
        }
    }

    private final class Worker implements Runnable {

        private final Thread thread = new Thread(this, "ofs-compute-" + NAMES.incrementAndGet());
        private volatile boolean parked;

        Worker() {
            thread.setDaemon(true);
        }

        void wake() {
            if (parked) {
                LockSupport.unpark(thread);
            }
        }

        @Override
        public void run() {
            long number = 0;
            while ((number = awaitRound(number)) >= 0) {
                takeRanges();
                if ((round.decrementAndGet() & INSIDE) == 0) {
                    LockSupport.unpark(waitingCaller);
                }
            }
        }

        /** Enters the first open round after the given one; negative when the pool closes. */
        private long awaitRound(long last) {
            long deadline = System.nanoTime() + SPIN_NANOS;
            while (!closed) {
                long now = round.get();
                if (isNew(now, last)) {
                    if (round.compareAndSet(now, now + 1)) {
                        return now >>> NUMBER_SHIFT;
                    }
                } else if (System.nanoTime() - deadline < 0) {
                    Thread.onSpinWait();
                } else {
                    parked = true;
                    if (!isNew(round.get(), last) && !closed) {
                        LockSupport.park(WorkerPool.this);
                    }
                    parked = false;
                }
            }
            return -1;
        }

        private boolean isNew(long now, long last) {
            return (now & OPEN) != 0 && (now >>> NUMBER_SHIFT) != last;
        }
    }
}
