/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertThrows;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.testng.annotations.Test;

public class MemoryBudgetTest {

    @Test
    public void theLastByteFitsAndOneMoreDoesNot() {
        try (MemoryBudget budget = new MemoryBudget("hostMemory", 100)) {
            Reservation first = budget.reserve("weights", 60);
            Reservation second = budget.reserve("cache", 40);
            assertEquals(budget.availableBytes(), 0);
            assertEquals(budget.usedByPurpose(), Map.of("weights", 60L, "cache", 40L));
            BudgetExceededException e =
                    expectThrows(BudgetExceededException.class, () -> budget.reserve("output", 1));
            assertEquals(e.requestedBytes(), 1);
            assertEquals(e.availableBytes(), 0);
            for (String part :
                    new String[] {"output", "hostMemory=100", "by 1 bytes", "cache=40"}) {
                assertTrue(e.getMessage().contains(part), e.getMessage());
            }
            second.close();
            second.close();
            assertEquals(budget.availableBytes(), 40);
            assertEquals(first.sizeBytes(), 60);
            budget.reserve("output", 0).close();
            first.close();
            assertEquals(budget.usedByPurpose(), Map.of());
        }
    }

    @Test
    public void peakIsTheMostEverReservedAtOneTime() {
        try (MemoryBudget budget = new MemoryBudget("hostMemory", 100)) {
            budget.reserve("a", 30).close();
            try (Reservation b = budget.reserve("b", 50);
                    Reservation c = budget.reserve("c", 20)) {
                assertEquals(budget.usedBytes(), b.sizeBytes() + c.sizeBytes());
            }
            budget.reserve("d", 60).close();
            assertThrows(BudgetExceededException.class, () -> budget.reserve("e", 101));
            assertEquals(budget.peakBytes(), 70);
            assertEquals(budget.limitBytes(), 100);
        }
    }

    @Test
    public void closingWithBytesOutstandingListsThem() {
        MemoryBudget budget = new MemoryBudget("hostMemory", 100);
        Reservation lost = budget.reserve("staging", 7);
        IllegalStateException e = expectThrows(IllegalStateException.class, budget::close);
        assertTrue(e.getMessage().contains("staging=7"), e.getMessage());
        assertThrows(IllegalStateException.class, () -> budget.reserve("late", 1));
        lost.close();
        budget.close();
    }

    @Test
    public void impossibleSizesAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new MemoryBudget("hostMemory", -1));
        try (MemoryBudget budget = MemoryBudget.unlimited("hostMemory")) {
            assertThrows(IllegalArgumentException.class, () -> budget.reserve("x", -1));
            try (Reservation all = budget.reserve("x", Long.MAX_VALUE)) {
                BudgetExceededException e =
                        expectThrows(
                                BudgetExceededException.class,
                                () -> budget.reserve("y", all.sizeBytes()));
                assertEquals(e.availableBytes(), 0);
            }
        }
    }

    @Test
    public void reclaimersAreAskedForWhatIsMissingAndNoMore() {
        try (MemoryBudget budget = new MemoryBudget("hostMemory", 100)) {
            Deque<Reservation> resident = new ArrayDeque<>();
            for (int i = 0; i < 9; i++) {
                resident.add(budget.reserve("resident", 10));
            }
            List<Long> asked = new ArrayList<>();
            MemoryBudget.Reclaimer first =
                    needed -> {
                        asked.add(needed);
                        resident.remove().close();
                    };
            MemoryBudget.Reclaimer second =
                    needed -> {
                        asked.add(-needed);
                        for (long freed = 0; freed < needed; freed += 10) {
                            resident.remove().close();
                        }
                    };
            budget.addReclaimer(first);
            budget.addReclaimer(second);
            budget.reserve("fits", 10).close();
            assertEquals(asked, List.of());
            budget.reserve("cache", 35).close();
            assertEquals(asked, List.of(25L, -15L));
            assertEquals(resident.size(), 6);

            asked.clear();
            assertThrows(BudgetExceededException.class, () -> budget.reserve("never", 101));
            assertEquals(asked, List.of(), "nothing is given up for what cannot fit");
            budget.removeReclaimer(first);
            budget.removeReclaimer(second);
            assertThrows(BudgetExceededException.class, () -> budget.reserve("cache", 50));
            resident.forEach(Reservation::close);
        }
    }

    @Test
    public void reclaimersThatGiveNothingEndInRefusal() {
        try (MemoryBudget budget = new MemoryBudget("hostMemory", 100);
                Reservation held = budget.reserve("held", 90)) {
            AtomicLong calls = new AtomicLong();
            budget.addReclaimer(needed -> calls.incrementAndGet());
            assertThrows(
                    BudgetExceededException.class, () -> budget.reserve("x", held.sizeBytes()));
            assertEquals(calls.get(), 1);
        }
    }

    @Test
    public void whatAnotherThreadTakesMeanwhileIsReclaimedAgain() {
        try (MemoryBudget budget = new MemoryBudget("hostMemory", 100)) {
            Deque<Reservation> resident = new ArrayDeque<>();
            for (int i = 0; i < 10; i++) {
                resident.add(budget.reserve("resident", 10));
            }
            List<Reservation> stolen = new ArrayList<>();
            budget.addReclaimer(
                    needed -> {
                        resident.remove().close();
                        if (stolen.size() < 3) { // another predictor is faster three times
                            stolen.add(budget.reserve("thief", 10));
                        }
                    });
            budget.reserve("cache", 10).close();
            assertEquals(resident.size(), 6);
            stolen.forEach(Reservation::close);
            resident.forEach(Reservation::close);
        }
    }

    @Test
    public void threadsNeverExceedTheLimitTogether() throws Exception {
        long seed = new Random().nextLong();
        int threads = 8;
        ExecutorService pool =
                Executors.newFixedThreadPool(threads, task -> new Thread(task, "reserver"));
        CountDownLatch start = new CountDownLatch(threads);
        AtomicLong held = new AtomicLong();
        AtomicLong most = new AtomicLong();
        AtomicLong refused = new AtomicLong();
        ConcurrentLinkedDeque<Reservation> resident = new ConcurrentLinkedDeque<>();
        try (MemoryBudget budget = new MemoryBudget("hostMemory", 1000)) {
            budget.addReclaimer(
                    needed -> {
                        Reservation victim = resident.poll();
                        if (victim != null) {
                            held.addAndGet(-victim.sizeBytes());
                            victim.close();
                        }
                    });
            List<Callable<Void>> tasks = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                Random random = new Random(seed + t);
                tasks.add(
                        () -> {
                            start.countDown();
                            start.await(); // all at once
                            for (int i = 0; i < 40_000; i++) {
                                reserveOne(budget, random, held, most, refused, resident);
                            }
                            return null;
                        });
            }
            for (Future<Void> task : pool.invokeAll(tasks)) {
                task.get();
            }
            resident.forEach(Reservation::close);
            assertTrue(most.get() <= 1000, "seed " + seed + ": " + most);
            assertTrue(budget.peakBytes() <= 1000, "seed " + seed);
            assertTrue(budget.peakBytes() > 900 && refused.get() > 0, "seed " + seed);
        } finally {
            pool.shutdown();
        }
    }

    /** Counts what is held only while it is reserved, so the count never exceeds the truth. */
    private static void reserveOne(
            MemoryBudget budget,
            Random random,
            AtomicLong held,
            AtomicLong most,
            AtomicLong refused,
            ConcurrentLinkedDeque<Reservation> resident) {
        Reservation reservation;
        try {
            reservation = budget.reserve("p" + random.nextInt(3), random.nextInt(250));
        } catch (BudgetExceededException e) {
            refused.incrementAndGet();
            return;
        }
        most.accumulateAndGet(held.addAndGet(reservation.sizeBytes()), Math::max);
        if (random.nextInt(4) == 0) {
            resident.add(reservation);
        } else {
            held.addAndGet(-reservation.sizeBytes());
            reservation.close();
        }
    }
}
