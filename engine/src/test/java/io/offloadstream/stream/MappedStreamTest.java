/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertThrows;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.plan.Bandwidths;
import io.offloadstream.plan.PlanRequest.Mapping;
import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.plan.ResidencyPlanner;
import io.offloadstream.platform.BudgetExceededException;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.OffloadStreamException;
import io.offloadstream.platform.Storage;
import io.offloadstream.stream.StreamOptions.Io;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.FileTime;
import java.util.Random;
import org.testng.annotations.Test;

/** Streams over mapped files. */
public class MappedStreamTest extends WeightFixture {

    private static ResidencyPlan plan(RandomWeights weights, Mapping mapping) {
        return ResidencyPlanner.plan(weights.request(5_000_000, 2, 1, mapping));
    }

    @Test(timeOut = 600_000)
    public void mappedFilesGiveTheSameBytesWithoutReading() throws IOException {
        RandomWeights weights = new RandomWeights(directory, 41, 8);
        ResidencyPlan plan = plan(weights, Mapping.REQUIRED);
        FaultyStorage storage = new FaultyStorage();
        try (MemoryBudget budget = new MemoryBudget("hostMemory", plan.chargedBytes())) {
            try (WeightStream stream =
                    WeightStream.open(plan, options(Io.MMAP, 1, 2), budget, storage)) {
                for (int i = 0; i < 3; i++) {
                    weights.runPass(stream, weights.order(), new Random(i));
                }
                assertEquals(storage.reads(), 0);
                assertEquals(budget.usedBytes(), plan.chargedBytes());
                assertEquals(stream.stats().io(), Io.MMAP);
                assertEquals(stream.stats().gather().rowsFromDisk(), 0);
                RandomWeights.requireNoReaders();
                Files.setLastModifiedTime(weights.file(1), FileTime.fromMillis(1000));
                expectThrows(OffloadStreamException.class, () -> stream.begin(weights.order()));
            }
        }
        assertEquals(storage.open(), 0);
    }

    @Test(timeOut = 600_000)
    public void whereMappingIsRefusedFilesAreReadOrTheOptionFails() throws IOException {
        RandomWeights weights = new RandomWeights(directory, 42, 8);
        ResidencyPlan plan = plan(weights, Mapping.IF_ALL_FITS);
        assertTrue(plan.isMapped());
        FaultyStorage storage = new FaultyStorage().refuseMapping();
        try (MemoryBudget budget = new MemoryBudget("hostMemory", plan.hostMemoryBytes())) {
            OffloadStreamException e =
                    expectThrows(
                            OffloadStreamException.class,
                            () -> WeightStream.open(plan, options(Io.MMAP, 1, 2), budget, storage));
            assertTrue(e.getMessage().contains("io=auto"), e.getMessage());
            try (WeightStream stream =
                    WeightStream.open(plan, options(Io.AUTO, 1, 2), budget, storage)) {
                weights.runPass(stream, weights.order(), new Random(1));
                assertEquals(stream.stats().io(), Io.BUFFERED);
            }
        }
        assertEquals(storage.open(), 0);
    }

    @Test(timeOut = 600_000)
    public void bandwidthsAreMeasuredOnRealReads() throws IOException {
        RandomWeights weights = new RandomWeights(directory, 43, 8);
        FaultyStorage storage = new FaultyStorage();
        Bandwidths measured = measure(weights, storage, Bandwidths.MOST_BYTES);
        assertTrue(storage.reads() >= 8, storage.reads() + " reads");
        // no machine reads its memory slower than 100 MB/s or faster than 100 TB/s
        assertTrue(measured.memoryBytesPerSecond() > 1e8, measured.toString());
        assertTrue(measured.memoryBytesPerSecond() < 1e14, measured.toString());
        assertTrue(measured.diskBytesPerSecond() < storage.bytes() * 1e3, measured.toString());
        assertEquals(storage.open(), 0);
        long little = Bandwidths.leastBytes();
        double buffered = measure(weights, storage.refuseDirect(), little).diskBytesPerSecond();
        assertTrue(buffered > 0 && storage.open() == 0);
        assertThrows(BudgetExceededException.class, () -> measure(weights, storage, (4 << 20) - 1));
        assertEquals(storage.open(), 0);
    }

    private static Bandwidths measure(RandomWeights weights, Storage storage, long budgetBytes) {
        try (MemoryBudget budget = new MemoryBudget("hostMemory", budgetBytes)) {
            Bandwidths measured = Bandwidths.measure(weights.file(0), storage, budget);
            // the one read needs a request, the other a part for each thread
            assertTrue(budget.peakBytes() > Math.min(budgetBytes, 32 << 20) / 2);
            return measured;
        }
    }
}
