/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.stream.StreamOptions.Io;
import io.offloadstream.stream.StreamOptions.SchedulerKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** {@code scheduler=cost-aware} in a stream: what it decides, and that every byte stays right. */
public class CostAwareStreamTest extends WeightFixture {

    /** Beside a disk as slow as this, what the real one and the checks take is nothing. */
    private static final double NANOS_PER_BYTE = 1e5;

    private static final int MIB = 1 << 20;
    private static final int MOST_PASSES = 80;

    private Path trace() {
        return directory.resolve("trace.json");
    }

    private StreamOptions costAware() {
        return new StreamOptions(Io.BUFFERED, SchedulerKind.COST_AWARE, 1, 8, trace());
    }

    @DataProvider
    public Object[][] disks() {
        return new Object[][] {
            {"fast", 0, 8}, {"deep", 7, 16}, {"deeper", 60, 32},
        };
    }

    @Test(timeOut = 600_000, dataProvider = "disks")
    public void requestsInFlightFollowTheDisk(String name, int latencyMebibytes, int expected)
            throws IOException {
        RandomWeights weights = new RandomWeights(directory, 8101, 6, 24);
        ResidencyPlan plan = weights.plan(0.5, 2, 1);
        long latency = (long) (latencyMebibytes * NANOS_PER_BYTE * MIB);
        ThrottledStorage disk = new ThrottledStorage(latency, NANOS_PER_BYTE);
        try (MemoryBudget budget = new MemoryBudget("hostMemory", plan.hostMemoryBytes());
                WeightStream stream =
                        WeightStream.open(plan, costAware(), budget, disk, disk::nanos)) {
            int passes = 0;
            int before = 0;
            while (!stream.stats().isPaceSettled()) {
                assertTrue(passes++ < MOST_PASSES, "not settled: " + stream.stats().pace());
                ReadPace pace = stream.stats().pace();
                disk.share(pace.requests());
                runPass(stream, weights);
                // a pass has begun to be read at the pace before, slow readers may be at it still
                int most = disk.takeMostInFlight();
                assertTrue(most <= Math.max(before, pace.requests()), most + " at " + pace);
                before = pace.requests();
            }
            ReadPace settled = stream.stats().pace();
            assertEquals(settled.requests(), expected, name);
            assertEquals(settled.slots(), 2, name);
            // what was read ahead at another pace is used up first
            disk.share(expected);
            runPass(stream, weights);
            disk.takeLongest();
            runPass(stream, weights);
            // a group is cut into requests alike, each more than half of what is asked for at most
            long longest = disk.takeLongest();
            assertTrue(longest <= settled.requestBytes(), longest + " at " + settled);
            assertTrue(2 * longest > settled.requestBytes(), longest + " at " + settled);
            assertEquals(stream.stats().pace(), settled);
            assertTrue(stream.stats().toTable().contains("reads: " + settled + "\n"));
        }
        assertTrue(Files.readString(trace()).contains("\"settled: " + expected + " requests"));
    }

    /** A pass without rows: how many requests those are depends on chance. */
    private static void runPass(WeightStream stream, RandomWeights weights) {
        int[] order = weights.order();
        try (StreamPass pass = stream.begin(order)) {
            for (int group : order) {
                try (GroupLease lease = pass.next()) {
                    assertEquals(lease.group().index(), group);
                    weights.check(lease);
                }
            }
        }
    }

    @Test(timeOut = 600_000)
    public void aSlotMoreIsAResidentGroupLess() throws IOException {
        RandomWeights weights = new RandomWeights(directory, 8102, 14, 2);
        ResidencyPlan plan = weights.plan(0.8, 2, 1);
        long plannedBytes = plan.streamedBytesPerPass();
        try (MemoryBudget budget = new MemoryBudget("hostMemory", plan.hostMemoryBytes());
                WeightStream stream =
                        WeightStream.open(plan, costAware(), budget, new FaultyStorage())) {
            weights.runPass(stream, weights.order(), new Random(1));
            long residentBytes = stream.stats().residentBytes();
            int most = 2;
            for (int pass = 2; !stream.stats().isPaceSettled(); pass++) {
                assertTrue(pass < MOST_PASSES, "not settled: " + stream.stats().pace());
                // far cheaper than real passes, so these are what counts
                int slots = stream.stats().pace().slots();
                int requests = stream.stats().pace().requests();
                long idle = slots == 2 ? 900 : slots == 3 ? 60 : 40;
                stream.endPass(
                        new PassCost(
                                1L << 50,
                                1L << 40,
                                1L << 40,
                                1000L * requests,
                                idle * requests,
                                900));
                weights.runPass(stream, weights.order(), new Random(pass));
                most = Math.max(most, slots);
            }
            assertEquals(stream.stats().pace().slots(), 3);
            assertEquals(most, 4);
            weights.runPass(stream, weights.order(), new Random(0));
            long passBytes = lastPassBytes(stream);
            assertTrue(passBytes > plannedBytes, "nothing more is read: " + passBytes);
            assertTrue(stream.stats().residentBytes() < residentBytes);
            assertTrue(budget.usedBytes() <= plan.hostMemoryBytes());
        }
    }

    @Test(timeOut = 600_000)
    public void theRingAlwaysHoldsThePartsThatAreLeasedTogether() throws IOException {
        RandomWeights weights = new RandomWeights(directory, 8103, 9, 2, 1);
        ResidencyPlan plan = weights.plan(0, 2, 1);
        assertEquals(plan.wholes().mostParts(), 3);
        assertEquals(plan.slotCount(), 6);
        try (MemoryBudget budget = new MemoryBudget("hostMemory", plan.hostMemoryBytes());
                WeightStream stream =
                        WeightStream.open(plan, costAware(), budget, new FaultyStorage())) {
            weights.runPass(stream, weights.order(), new Random(1));
            int fewest = plan.slotCount();
            for (int pass = 2; !stream.stats().isPaceSettled(); pass++) {
                assertTrue(pass < MOST_PASSES, "not settled: " + stream.stats().pace());
                // each slot less gains
                ReadPace pace = stream.stats().pace();
                long nanos = (100L << pace.slots()) * pace.requests();
                stream.endPass(new PassCost(1L << 50, 1L << 40, 1L << 40, nanos, 0, 0));
                weights.runPass(stream, weights.order(), new Random(pass));
                fewest = Math.min(fewest, stream.stats().pace().slots());
            }
            assertEquals(fewest, 3);
            assertEquals(stream.stats().pace().slots(), 3);
        }
    }

    private static long lastPassBytes(WeightStream stream) {
        var passes = stream.stats().recentPasses();
        return passes.get(passes.size() - 1).bytes();
    }
}
