/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertThrows;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.testng.annotations.Test;

/** Measurements end, with all their threads, whatever fails. */
public class ProbeThreadsTest {

    @Test
    public void threadsLeaveIfOneDoesNotStart() throws InterruptedException {
        List<Thread> started = new ArrayList<>();
        AtomicInteger shares = new AtomicInteger();
        OffloadStreamException thrown =
                expectThrows(
                        OffloadStreamException.class,
                        () ->
                                ProbeThreads.run(
                                        5,
                                        thread -> shares.incrementAndGet(),
                                        work -> {
                                            if (started.size() == 3) {
                                                return new Unstartable();
                                            }
                                            Thread thread = new Thread(work);
                                            thread.setDaemon(true);
                                            started.add(thread);
                                            return thread;
                                        }));
        assertTrue(thrown.getMessage().contains("no more threads"), thrown.getMessage());
        assertEquals(started.size(), 3);
        for (Thread thread : started) {
            thread.join(TimeUnit.SECONDS.toMillis(60));
            assertFalse(thread.isAlive(), thread.getName());
        }
        assertEquals(shares.get(), 0, "the memory that shares use is freed by then");
    }

    private static final class Unstartable extends Thread {

        @Override
        public synchronized void start() {
            throw new OutOfMemoryError("no more threads");
        }
    }

    @Test
    public void aShareThatFailsIsReportedAfterTheOthers() {
        AtomicInteger shares = new AtomicInteger();
        assertThrows(
                OffloadStreamException.class,
                () ->
                        ProbeThreads.run(
                                3,
                                thread -> {
                                    if (thread == 1) {
                                        throw new IOException("broken");
                                    }
                                    shares.incrementAndGet();
                                }));
        assertTrue(shares.get() <= 2, "shares: " + shares);
    }
}
