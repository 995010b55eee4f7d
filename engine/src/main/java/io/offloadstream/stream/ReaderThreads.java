/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.platform.Interrupts;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/** The threads that read. They end when their pipeline stops. */
final class ReaderThreads {

    private final List<Thread> threads = new ArrayList<>();

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
            Thread reader = new Thread(new Reader(pipeline, reads), "ofs-read-" + i);
            reader.setDaemon(true);
            threads.add(reader);
        }
    }

    void start() {
        threads.forEach(Thread::start);
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
