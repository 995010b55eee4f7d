/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import static org.testng.Assert.assertTrue;

import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * How work of another thread ended: its result or what it threw, and whether the thread was then
 * interrupted, which a {@link Future} that was cancelled does not tell.
 */
final class Ended {

    private final CountDownLatch done = new CountDownLatch(1);
    private Future<?> future;
    private volatile Thread thread;
    private Object result;
    private Throwable thrown;
    private boolean interrupted;

    private Ended() {}

    /** Starts work in another thread. */
    static Ended start(ExecutorService threads, Callable<?> work) {
        Ended ended = new Ended();
        ended.future = threads.submit(() -> ended.run(work));
        return ended;
    }

    private void run(Callable<?> work) {
        thread = Thread.currentThread();
        try {
            result = work.call();
        } catch (Throwable e) {
            thrown = e;
        }
        interrupted = Thread.interrupted();
        done.countDown();
    }

    /** Interrupts the thread. */
    void interrupt() {
        future.cancel(true);
    }

    /** Waits until the thread waits for another, for a limited time and again and again. */
    void awaitWaiting() {
        while (thread == null || thread.getState() != Thread.State.TIMED_WAITING) {
            assertTrue(done.getCount() > 0, "the other thread waits");
            Thread.onSpinWait();
        }
    }

    /** Waits for the end. */
    Ended await() throws InterruptedException {
        assertTrue(done.await(1, TimeUnit.MINUTES), "the other thread ends");
        return this;
    }

    /** The result of work that must have succeeded. */
    Object result() {
        if (thrown != null) {
            throw new AssertionError("the other thread failed", thrown);
        }
        return result;
    }

    /** What the work threw, which must be of a type. */
    <E extends Throwable> E thrown(Class<E> type) {
        if (!type.isInstance(thrown)) {
            throw new AssertionError("expected " + type + ", was " + thrown, thrown);
        }
        return type.cast(thrown);
    }

    boolean interrupted() {
        return interrupted;
    }
}
