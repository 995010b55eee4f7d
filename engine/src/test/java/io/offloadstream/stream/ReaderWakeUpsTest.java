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
import io.offloadstream.stream.StreamStats.ReadStage;
import java.io.IOException;
import java.util.Random;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** Readers that have nothing to read sleep: processors belong to those who compute. */
public class ReaderWakeUpsTest extends WeightFixture {

    private static final int WARM_UP_PASSES = 3;
    private static final int PASSES = 20;

    @DataProvider
    public Object[][] schedulers() {
        return new Object[][] {
            {SchedulerKind.COST_AWARE}, {SchedulerKind.LOOKAHEAD}, {SchedulerKind.BLOCK},
        };
    }

    private static void runPasses(WeightStream stream, RandomWeights weights, int count) {
        for (int pass = 0; pass < count; pass++) {
            weights.runPass(stream, weights.order(), new Random(pass));
        }
    }

    @Test(timeOut = 600_000, dataProvider = "schedulers")
    public void whatIsInMemoryWakesNobody(SchedulerKind scheduler) throws IOException {
        RandomWeights weights = new RandomWeights(directory, 7301, 9);
        ResidencyPlan plan = weights.plan(1, 2, RandomWeights.BLOCK_BYTES);
        assertTrue(streamed(plan, weights.order()).isEmpty(), plan.toString());
        StreamOptions options = new StreamOptions(Io.DIRECT, scheduler, 1, 8, null);
        try (MemoryBudget budget = new MemoryBudget("hostMemory", plan.hostMemoryBytes());
                WeightStream stream =
                        WeightStream.open(plan, options, budget, new FaultyStorage())) {
            runPasses(stream, weights, WARM_UP_PASSES);
            ReadStage before = stream.stats().read();
            assertTrue(before.cpuNanos() > 0, before.toString());
            runPasses(stream, weights, PASSES);
            // those that were woken before may come late
            long wakeUps = stream.stats().read().wakeUps() - before.wakeUps();
            assertTrue(wakeUps <= options.readThreads(), wakeUps + " wake-ups");
            assertEquals(stream.stats().read().requests(), before.requests());
        }
    }

    @Test(timeOut = 600_000, dataProvider = "schedulers")
    public void noMoreReadersWakeThanThereAreRequests(SchedulerKind scheduler) throws IOException {
        RandomWeights weights = new RandomWeights(directory, 7302, 9, 8);
        ResidencyPlan plan = weights.plan(0.5, 2, RandomWeights.BLOCK_BYTES);
        StreamOptions options = new StreamOptions(Io.DIRECT, scheduler, 1, 8, null);
        WeightStream stream;
        StreamStats stats;
        try (MemoryBudget budget = new MemoryBudget("hostMemory", plan.hostMemoryBytes())) {
            stream = WeightStream.open(plan, options, budget, new FaultyStorage());
            try (stream) {
                runPasses(stream, weights, PASSES);
                stats = stream.stats();
            }
        }
        assertTrue(stream.stats().read().cpuNanos() > 0, "CPU time of ended threads is forgotten");
        // one that is woken can come too late, as another one has ended a request meanwhile
        long chances = stats.read().requests() + 2 * stats.compute().groups() + 4 * PASSES;
        assertTrue(stats.read().wakeUps() <= chances, stats.read() + " of " + chances);
    }
}
