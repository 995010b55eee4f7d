/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.platform.BudgetExceededException;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.Reservation;
import io.offloadstream.stream.StreamOptions.Io;
import io.offloadstream.stream.StreamStats.PassRecord;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.testng.annotations.Test;

/** Pinned groups make room for others, stream meanwhile, and come back. */
public class ReclaimTest extends WeightFixture {

    private static PassRecord last(WeightStream stream) {
        List<PassRecord> passes = stream.stats().recentPasses();
        return passes.get(passes.size() - 1);
    }

    @Test(timeOut = 600_000)
    public void pinnedGroupsGiveWayAndComeBack() throws IOException {
        for (double share : new double[] {0.4, 1}) {
            RandomWeights weights = new RandomWeights(directory, 21, 10);
            ResidencyPlan plan = weights.plan(share, 2, 4096);
            Random random = new Random(1);
            try (MemoryBudget budget = new MemoryBudget("hostMemory", plan.hostMemoryBytes());
                    WeightStream stream =
                            WeightStream.open(
                                    plan, options(Io.DIRECT, 1, 3), budget, new FaultyStorage())) {
                weights.runPass(stream, weights.order(), random);
                weights.runPass(stream, weights.order(), random);
                int planned = last(stream).groupsRead().size();
                long resident = stream.stats().residentBytes();
                try (Reservation other = budget.reserve("outputs", plan.slotBytes())) {
                    assertTrue(stream.stats().reclaimedGroups() > 0);
                    assertTrue(stream.stats().residentBytes() < resident);
                    for (int i = 0; i < 4; i++) {
                        weights.runPass(stream, weights.order(), random);
                        assertTrue(last(stream).groupsRead().size() > planned);
                    }
                    assertEquals(other.sizeBytes(), plan.slotBytes());
                }
                for (int i = 0; i < 4; i++) {
                    weights.runPass(stream, weights.order(), random);
                }
                if (share < 1) {
                    assertEquals(last(stream).groupsRead(), streamed(plan, weights.order()));
                    assertEquals(stream.stats().residentBytes(), resident);
                } else {
                    // what was all resident has a ring now, and keeps it
                    assertTrue(last(stream).groupsRead().size() <= 2);
                }
            }
        }
    }

    @Test(timeOut = 600_000)
    public void nothingIsGivenUpInVain() throws IOException {
        RandomWeights weights = new RandomWeights(directory, 22, 6);
        ResidencyPlan plan = weights.plan(1, 2, 4096);
        try (MemoryBudget budget = new MemoryBudget("hostMemory", plan.hostMemoryBytes());
                WeightStream stream =
                        WeightStream.open(
                                plan, options(Io.DIRECT, 1, 3), budget, new FaultyStorage())) {
            weights.runPass(stream, weights.order(), new Random(1));
            long resident = stream.stats().residentBytes();
            // the last two groups are what a ring is made of
            expectThrows(
                    BudgetExceededException.class,
                    () -> budget.reserve("outputs", plan.hostMemoryBytes() * 9 / 10));
            assertEquals(stream.stats().residentBytes(), resident);
            weights.runPass(stream, weights.order(), new Random(2));
            assertTrue(last(stream).groupsRead().isEmpty());
        }
    }

    @Test(timeOut = 600_000)
    public void memoryThatIsGoneBeforeTheFirstPassMakesGroupsStream() throws IOException {
        RandomWeights weights = new RandomWeights(directory, 23, 8);
        ResidencyPlan plan = weights.plan(1, 2, 4096);
        assertEquals(plan.slotCount(), 0);
        try (MemoryBudget budget = new MemoryBudget("hostMemory", plan.hostMemoryBytes());
                WeightStream stream =
                        WeightStream.open(
                                plan, options(Io.DIRECT, 1, 3), budget, new FaultyStorage());
                Reservation other = budget.reserve("KV cache", 3 * plan.slotBytes())) {
            for (int i = 0; i < 4; i++) {
                weights.runPass(stream, weights.order(), new Random(i));
            }
            assertTrue(last(stream).groupsRead().size() >= 2, last(stream).toString());
            assertTrue(budget.peakBytes() <= plan.hostMemoryBytes() && other.sizeBytes() > 0);
        }
    }

    @Test(timeOut = 600_000)
    public void groupsAreGivenUpWhilePassesRun() throws Exception {
        for (double share : new double[] {0.5, 1}) {
            RandomWeights weights = new RandomWeights(directory, 24, 10);
            ResidencyPlan plan = weights.plan(share, 2, 4096);
            try (MemoryBudget budget = new MemoryBudget("hostMemory", plan.hostMemoryBytes());
                    WeightStream stream =
                            WeightStream.open(
                                    plan, options(Io.DIRECT, 1, 3), budget, new FaultyStorage())) {
                Random random = new Random(3);
                for (int round = 0; round < 60; round++) {
                    try (StreamPass pass = stream.begin(weights.order())) {
                        weights.gather(pass, random);
                        int place = random.nextInt(weights.streamedCount());
                        Reservation taken = null;
                        for (int i = 0; i < weights.streamedCount(); i++) {
                            try (GroupLease lease = pass.next()) {
                                if (i == place) {
                                    taken = tryReserve(budget, plan.slotBytes() / 2);
                                }
                                weights.check(lease);
                            }
                        }
                        if (taken != null) {
                            taken.close();
                        }
                    }
                }
                assertTrue(stream.stats().reclaimedGroups() > 1, stream.stats().toTable());
            }
        }
    }

    private static Reservation tryReserve(MemoryBudget budget, long bytes) {
        try {
            return budget.reserve("outputs", bytes);
        } catch (BudgetExceededException e) {
            return null;
        }
    }

    @Test(timeOut = 600_000)
    public void aTableThatIsGivenUpWhileAGatherWaitsForItIsReadFromDisk() throws Exception {
        RandomWeights weights = new RandomWeights(directory, 25, 60);
        ResidencyPlan plan = weights.plan(1, 2, 4096);
        assertTrue(plan.isResident(weights.embedding()), plan.toString());
        for (int round = 0; round < 60; round++) {
            CountDownLatch reading = new CountDownLatch(1);
            FaultyStorage storage = new FaultyStorage();
            storage.holdReads(reading);
            Thread gathering = Thread.currentThread();
            try (MemoryBudget budget = new MemoryBudget("hostMemory", plan.hostMemoryBytes());
                    WeightStream stream =
                            WeightStream.open(plan, options(Io.DIRECT, 1, 3), budget, storage);
                    StreamPass pass = stream.begin(weights.order())) {
                Thread taker =
                        new Thread(
                                () -> {
                                    while (gathering.getState() != Thread.State.WAITING) {
                                        Thread.onSpinWait();
                                    }
                                    reading.countDown();
                                    takeAll(budget);
                                });
                taker.start();
                try {
                    weights.gather(pass, new Random(round));
                } finally {
                    taker.join();
                }
            }
        }
    }

    /** Reserves as long as groups can be given up for it, then gives all back. */
    private static void takeAll(MemoryBudget budget) {
        List<Reservation> taken = new ArrayList<>();
        Reservation next = tryReserve(budget, budget.availableBytes() + 1);
        while (next != null) {
            taken.add(next);
            next = tryReserve(budget, budget.availableBytes() + 1);
        }
        taken.forEach(Reservation::close);
    }
}
