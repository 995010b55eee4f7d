/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicReference;

/** Threads that start a measurement together. */
final class ProbeThreads {

    /** What one thread does of a measurement. */
    @FunctionalInterface
    interface Share {

        /** Runs it. */
        void run(int thread) throws IOException;
    }

    private ProbeThreads() {}

    /**
     * Runs a share on each thread.
     *
     * @return seconds from the common start until the last thread is done
     * @throws OffloadStreamException if a share fails, after all have ended; or if a thread does
     *     not start, and no share runs
     */
    static double run(int threads, Share share) {
        return run(threads, share, ProbeThreads::daemon);
    }

    private static Thread daemon(Runnable work) {
        Thread thread = new Thread(work, "ofs-probe");
        thread.setDaemon(true);
        return thread;
    }

    /** The same with threads from elsewhere. */
    static double run(int threads, Share share, ThreadFactory factory) {
        CountDownLatch ready = new CountDownLatch(threads);
        CountDownLatch start = new CountDownLatch(1);
        CountDownLatch done = new CountDownLatch(threads);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        for (int i = 0; i < threads; i++) {
            int number = i;
            Runnable work =
                    () -> {
                        try {
                            ready.countDown();
                            await(start);
                            if (failure.get() == null) {
                                share.run(number);
                            }
                        } catch (IOException | RuntimeException | Error e) {
                            failure.compareAndSet(null, e);
                        } finally {
                            done.countDown();
                        }
                    };
            Thread thread = factory.newThread(work);
            try {
                thread.start();
            } catch (RuntimeException | Error e) { // the system may have no more threads
                failure.set(e);
                start.countDown();
                throw new OffloadStreamException(
                        "the machine cannot be measured: thread "
                                + i
                                + " of "
                                + threads
                                + " does not start: "
                                + e.getMessage(),
                        e);
            }
        }
        await(ready);
        long begin = System.nanoTime();
        start.countDown();
        await(done);
        double seconds = (System.nanoTime() - begin) / 1e9;
        if (failure.get() != null) {
            throw new OffloadStreamException(
                    "the machine cannot be measured: " + failure.get(), failure.get());
        }
        return seconds;
    }

    /** An interrupt waits until the run is over: the threads use the memory until then. */
    private static void await(CountDownLatch latch) {
        boolean interrupted = false;
        while (latch.getCount() > 0) {
            try {
                latch.await();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Interrupts.restore();
        }
    }
}
