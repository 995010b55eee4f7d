/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertSame;
import static org.testng.Assert.assertThrows;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** Tests of {@link WorkerPool}. */
public class WorkerPoolTest {

    @DataProvider
    Object[][] threads() {
        return new Object[][] {{1}, {2}, {3}, {8}};
    }

    @Test(dataProvider = "threads")
    public void everyItemRunsOnceInRangesAtMultiplesOfTheGrain(int threads) {
        try (WorkerPool pool = new WorkerPool(threads)) {
            assertEquals(pool.threads(), threads);
            for (int items = 0; items < 200; items += 7) {
                for (long grain : new long[] {1, 2, 3, 16, 1000}) {
                    AtomicIntegerArray runs = new AtomicIntegerArray(items);
                    pool.run(
                            items,
                            grain,
                            (begin, end) -> {
                                assertEquals(begin % grain, 0);
                                assertTrue(begin < end);
                                for (long i = begin; i < end; i++) {
                                    runs.incrementAndGet((int) i);
                                }
                            });
                    for (int i = 0; i < items; i++) {
                        assertEquals(runs.get(i), 1, "item " + i + " of " + items);
                    }
                }
            }
        }
    }

    @Test
    public void allThreadsTakePart() throws InterruptedException {
        int threads = 4;
        try (WorkerPool pool = new WorkerPool(threads)) {
            // Each of the four first ranges waits for three others: one thread could not do it.
            CountDownLatch together = new CountDownLatch(threads);
            Set<String> names = ConcurrentHashMap.newKeySet();
            pool.run(
                    16,
                    1,
                    (begin, end) -> {
                        names.add(Thread.currentThread().getName());
                        together.countDown();
                        await(together);
                    });
            assertEquals(names.size(), threads);
            assertTrue(names.remove(Thread.currentThread().getName()));
            assertTrue(names.stream().allMatch(name -> name.matches("ofs-compute-\\d+")));
        }
    }

    @Test
    public void parkedThreadsWakeForTheNextRun() {
        try (WorkerPool pool = new WorkerPool(2)) {
            for (int round = 0; round < 5; round++) {
                // Far longer than threads spin, so that they park.
                LockSupport.parkNanos(5_000_000);
                CountDownLatch together = new CountDownLatch(2);
                pool.run(
                        8,
                        1,
                        (begin, end) -> {
                            together.countDown();
                            await(together);
                        });
            }
        }
    }

    @Test(dataProvider = "threads")
    public void theFirstExceptionIsRethrownAndTheNextRunWorks(int threads) {
        try (WorkerPool pool = new WorkerPool(threads)) {
            IllegalStateException cause = new IllegalStateException("planted");
            assertSame(
                    expectThrows(
                            IllegalStateException.class,
                            () ->
                                    pool.run(
                                            100,
                                            1,
                                            (begin, end) -> {
                                                throw cause;
                                            })),
                    cause);
            assertThrows(
                    StackOverflowError.class,
                    () ->
                            pool.run(
                                    100,
                                    1,
                                    (begin, end) -> {
                                        throw new StackOverflowError("planted");
                                    }));
            AtomicIntegerArray runs = new AtomicIntegerArray(100);
            pool.run(100, 1, (begin, end) -> mark(runs, begin, end));
            for (int i = 0; i < 100; i++) {
                assertEquals(runs.get(i), 1);
            }
        }
    }

    @Test
    public void manyShortRunsLoseNothing() {
        try (WorkerPool pool = new WorkerPool(3)) {
            AtomicIntegerArray runs = new AtomicIntegerArray(12);
            int rounds = 20_000;
            for (int round = 0; round < rounds; round++) {
                pool.run(12, 1, (begin, end) -> mark(runs, begin, end));
            }
            for (int i = 0; i < 12; i++) {
                assertEquals(runs.get(i), rounds);
            }
        }
    }

    @Test
    public void onlyOneCallerRunsAndNoneAfterClose() {
        WorkerPool pool = new WorkerPool(2);
        assertThrows(
                IllegalStateException.class,
                () -> pool.run(1, 1, (begin, end) -> pool.run(1, 1, (b, e) -> {})));
        assertThrows(
                IllegalStateException.class, () -> pool.run(1, 1, (begin, end) -> pool.close()));
        pool.close();
        pool.close();
        assertThrows(IllegalStateException.class, () -> pool.run(1, 1, (begin, end) -> {}));
    }

    @Test
    public void closeEndsTheThreads() {
        Set<Thread> mine = ConcurrentHashMap.newKeySet();
        try (WorkerPool pool = new WorkerPool(3)) {
            CountDownLatch together = new CountDownLatch(3);
            pool.run(
                    12,
                    1,
                    (begin, end) -> {
                        mine.add(Thread.currentThread());
                        together.countDown();
                        await(together);
                    });
        }
        mine.remove(Thread.currentThread());
        assertEquals(mine.size(), 2);
        mine.forEach(thread -> assertFalse(thread.isAlive()));
    }

    @Test
    public void badArgumentsAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new WorkerPool(0));
        try (WorkerPool pool = new WorkerPool(1)) {
            assertThrows(IllegalArgumentException.class, () -> pool.run(1, 0, (b, e) -> {}));
            assertThrows(IllegalArgumentException.class, () -> pool.run(-1, 1, (b, e) -> {}));
        }
    }

    private static void mark(AtomicIntegerArray runs, long begin, long end) {
        for (long i = begin; i < end; i++) {
            runs.incrementAndGet((int) i);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(30, TimeUnit.SECONDS), "the threads did not meet");
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
