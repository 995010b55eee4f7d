/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.platform.Interrupts;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/** The threads that read. They end when their pipeline stops. */
final class ReaderThreads {

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private final List<Thread> threads = new ArrayList<>();

    /** Of threads that have ended: nobody else can tell then. */
    private final Map<Long, Long> endedNanos = new ConcurrentHashMap<>();

    /**
     * Makes the threads, without starting them.
     *
     * @param count how many
     * @param files what they read
     * @param trace where they write what they do, or null
     * @param clock nanoseconds, as {@link System#nanoTime}
     */
    ReaderThreads(
            int count, Pipeline pipeline, WeightFiles files, TraceFile trace, LongSupplier clock) {
        for (int i = 0; i < count; i++) {
            PieceReads reads = new PieceReads(files, trace, i + 1, clock);
            Reader work = new Reader(pipeline, reads);
            Thread reader = new Thread(() -> run(work), "ofs-read-" + i);
            reader.setDaemon(true);
            threads.add(reader);
        }
    }

    void start() {
        threads.forEach(Thread::start);
    }

    private void run(Reader work) {
        work.run();
        long id = Thread.currentThread().getId();
        endedNanos.put(id, cpuNanos(id));
    }

    private static long cpuNanos(long thread) {
        return THREADS.isThreadCpuTimeSupported() ? THREADS.getThreadCpuTime(thread) : 0;
    }

    /** CPU time of all threads together so far. */
    long cpuNanos() {
        long nanos = 0;
        for (Thread reader : threads) {
            long own = cpuNanos(reader.getId());
            // negative before a thread has begun, and when it has ended
            nanos += own < 0 ? endedNanos.getOrDefault(reader.getId(), 0L) : own;
        }
        return nanos;
    }

    /** Waits until all have ended, those that were started. */
    void join() {
        boolean interrupted = false;
        for (Thread reader : threads) {
            while (reader.isAlive()) {
                try {
                    reader.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Interrupts.restore();
        }
    }
}
