/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.stream.StreamOptions.Io;
import io.offloadstream.stream.StreamOptions.SchedulerKind;
import io.offloadstream.stream.StreamStats.PassRecord;
import java.io.IOException;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.testng.annotations.Test;

/** Bytes and counts of undisturbed passes. */
public class WeightStreamTest extends WeightFixture {

    private static final List<SchedulerKind> KINDS = List.of(SchedulerKind.values());

    @Test
    public void bytesAreThoseOfTheFileUnderRandomPlans() throws IOException {
        for (long seed = 0; seed < 60; seed++) {
            Random random = new Random(seed);
            long partBytes = random.nextBoolean() ? Long.MAX_VALUE : 1 + random.nextInt(200_000);
            RandomWeights weights =
                    new RandomWeights(directory, seed, 1 + random.nextInt(9), 1, partBytes);
            int prefetch = random.nextInt(4);
            SchedulerKind kind = KINDS.get(random.nextInt(KINDS.size()));
            boolean isBlock = kind == SchedulerKind.BLOCK && prefetch > 0;
            int slots = isBlock ? 2 * prefetch : prefetch + 1;
            int block = random.nextBoolean() ? RandomWeights.BLOCK_BYTES : 1;
            Io io = block == 1 ? Io.BUFFERED : Io.DIRECT;
            ResidencyPlan plan = weights.plan(random.nextDouble(), slots, block);
            int readers = 1 + random.nextInt(8);
            StreamOptions options = new StreamOptions(io, kind, prefetch, readers, null);
            String run = "seed " + seed + ", " + plan + ", " + options;
            FaultyStorage storage = new FaultyStorage();
            try (MemoryBudget budget = new MemoryBudget("hostMemory", plan.hostMemoryBytes())) {
                try (WeightStream stream = WeightStream.open(plan, options, budget, storage)) {
                    for (int pass = 0; pass < 4; pass++) {
                        int wholes = weights.wholes(weights.order()).length;
                        int[] order = weights.order(1 + random.nextInt(wholes));
                        weights.runPass(stream, order, random);
                    }
                    assertEquals(stream.stats().passes(), 4, run);
                    assertTrue(budget.peakBytes() <= plan.chargedBytes(), run);
                } catch (AssertionError | RuntimeException e) {
                    throw new AssertionError(run, e);
                }
            }
            assertEquals(storage.open(), 0, run);
        }
    }

    @Test
    public void eachPassReadsExactlyTheGroupsThatArePlannedToStream() throws IOException {
        for (double share : new double[] {0, 0.3, 0.5, 0.8, 1}) {
            RandomWeights weights = new RandomWeights(directory, 5, 11);
            ResidencyPlan plan = weights.plan(share, 2, RandomWeights.BLOCK_BYTES);
            FaultyStorage storage = new FaultyStorage();
            try (MemoryBudget budget = new MemoryBudget("hostMemory", plan.hostMemoryBytes())) {
                StreamStats stats;
                try (WeightStream stream =
                        WeightStream.open(plan, options(Io.DIRECT, 1, 4), budget, storage)) {
                    for (int pass = 0; pass < 3; pass++) {
                        weights.runPass(stream, weights.order(), new Random(pass));
                    }
                    stats = stream.stats();
                }
                PassRecord first = stats.recentPasses().get(0);
                List<Integer> all = IntStream.range(0, weights.streamedCount()).boxed().toList();
                assertTrue(first.groupsRead().containsAll(all));
                for (PassRecord later : stats.recentPasses().subList(1, 3)) {
                    assertEquals(later.groupsRead(), streamed(plan, weights.order()));
                    assertEquals(later.bytes(), plan.streamedBytesPerPass());
                    assertTrue(later.isComplete());
                }
            }
        }
    }

    @Test
    public void theNextPassIsReadWhileThisOneComputesItsLastGroup() throws IOException {
        RandomWeights weights = new RandomWeights(directory, 3, 6);
        ResidencyPlan plan = weights.plan(0, 3, RandomWeights.BLOCK_BYTES);
        FaultyStorage storage = new FaultyStorage();
        try (MemoryBudget budget = new MemoryBudget("hostMemory", plan.hostMemoryBytes());
                WeightStream stream =
                        WeightStream.open(plan, options(Io.DIRECT, 2, 3), budget, storage)) {
            int[] order = weights.order();
            int expected = plan.extents(weights.staticGroup()).extents().size();
            for (int i = 0; i < order.length + 2; i++) {
                expected += plan.extents(order[i % order.length]).extents().size();
            }
            try (StreamPass pass = stream.begin(order)) {
                for (int group = 0; group < order.length; group++) {
                    try (GroupLease lease = pass.next()) {
                        weights.check(lease);
                        while (group + 1 == order.length && storage.reads() < expected) {
                            Thread.onSpinWait();
                        }
                    }
                }
            }
            weights.runPass(stream, order, new Random(1));
            PassRecord second = stream.stats().recentPasses().get(1);
            assertTrue(second.groupsPrefetched() >= 2, second.toString());
        }
    }

    @Test(timeOut = 600_000)
    public void partsStreamThroughFewerSlotsThanTheyAre() throws IOException {
        RandomWeights weights = new RandomWeights(directory, 6, 9, 1, 1);
        ResidencyPlan plan = weights.plan(0.6, 2, RandomWeights.BLOCK_BYTES);
        assertEquals(plan.wholes().mostParts(), 3);
        assertTrue(plan.slotCount() < 6, plan.toString());
        assertTrue(plan.streamedBytesPerPass() > 0);
        try (MemoryBudget budget = new MemoryBudget("hostMemory", plan.hostMemoryBytes());
                WeightStream stream =
                        WeightStream.open(
                                plan, options(Io.DIRECT, 1, 4), budget, new FaultyStorage())) {
            for (int pass = 0; pass < 4; pass++) {
                weights.runPass(stream, weights.order(), new Random(pass));
            }
            PassRecord last = stream.stats().recentPasses().get(3);
            assertEquals(last.groupsRead(), streamed(plan, weights.order()));
            assertEquals(last.bytes(), plan.streamedBytesPerPass());
            assertTrue(budget.peakBytes() <= plan.chargedBytes());
        }
    }

    @Test
    public void anOrderHasAllPartsOfAWholeOrNone() throws IOException {
        RandomWeights weights = new RandomWeights(directory, 6, 2, 1, 1);
        ResidencyPlan plan = weights.plan(0, 2, RandomWeights.BLOCK_BYTES);
        try (MemoryBudget budget = new MemoryBudget("hostMemory", plan.hostMemoryBytes());
                WeightStream stream =
                        WeightStream.open(
                                plan, options(Io.DIRECT, 1, 2), budget, new FaultyStorage())) {
            int[][] wrong = {{0, 1}, {1, 2}, {0, 2, 1}, {0, 1, 3, 4, 5}, {0, 1, 2, 2}, {2}};
            for (int[] order : wrong) {
                String message =
                        expectThrows(IllegalArgumentException.class, () -> stream.begin(order))
                                .getMessage();
                assertTrue(message.contains("layer."), message);
            }
            weights.runPass(stream, new int[] {3, 4, 5, 0, 1, 2, 0, 1, 2, 7}, new Random(1));
        }
    }
}
