/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.plan.SlotLayout;
import io.offloadstream.plan.WeightGroup;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.stream.StreamOptions.Io;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.testng.annotations.Test;

/** Whatever part of a whole cannot be used, the use of the others ends. */
public class PartUseTest extends WeightFixture {

    /** Host memory that tells which uses end, and where one fails to begin or to end. */
    private static final class CountedUse implements ComputeMemory {

        private final ComputeMemory host;
        private final List<Integer> ended = new ArrayList<>();
        private int failsToBegin = -1;
        private int failsToEnd = -1;

        CountedUse(ComputeMemory host) {
            this.host = host;
        }

        @Override
        public MemoryBudget budget() {
            return host.budget();
        }

        @Override
        public long chargedBytes(long sizeBytes) {
            return host.chargedBytes(sizeBytes);
        }

        @Override
        public SlotLayout layout(int group) {
            return host.layout(group);
        }

        @Override
        public Slot newSlot(String purpose, long sizeBytes) {
            return new Slot(this, host.newSlot(purpose, sizeBytes).memory(), null);
        }

        @Override
        public PieceRoute route() {
            return host.route();
        }

        @Override
        public AutoCloseable use(Slot slot, WeightGroup group) {
            int index = group.index();
            if (index == failsToBegin) {
                throw new IllegalStateException("no use of " + index);
            }
            return () -> {
                ended.add(index);
                if (index == failsToEnd) {
                    throw new IllegalStateException("no end of " + index);
                }
            };
        }

        @Override
        public void beforePass(boolean afterFailure) {
            host.beforePass(afterFailure);
        }

        @Override
        public void free(List<Slot> slots) {
            host.free(slots);
        }

        @Override
        public DeviceTimes times() {
            return host.times();
        }
    }

    @Test(timeOut = 600_000)
    public void everyUseThatBeganEnds() throws IOException {
        RandomWeights weights = new RandomWeights(directory, 27, 4, 1, 1);
        ResidencyPlan plan = weights.plan(1, 2, 4096);
        int parts = plan.wholes().partCount(0);
        assertEquals(parts, 3);
        try (MemoryBudget budget = new MemoryBudget("hostMemory", plan.hostMemoryBytes());
                WeightStream stream =
                        WeightStream.open(
                                plan, options(Io.DIRECT, 1, 3), budget, new FaultyStorage())) {
            CountedUse memory = new CountedUse(stream.memory().compute());
            for (int part = 0; part < parts; part++) {
                WeightGroup group = plan.groups().get(part);
                long size = memory.layout(part).slotBytes();
                assertTrue(stream.residents().pinned(group, memory.newSlot("part", size)));
            }
            memory.failsToBegin = 2;
            try (StreamPass pass = stream.begin(weights.order())) {
                String message = expectThrows(IllegalStateException.class, pass::next).getMessage();
                assertEquals(message, "no use of 2");
                assertEquals(memory.ended.stream().sorted().toList(), List.of(0, 1));
            }
            memory.failsToBegin = -1;
            memory.failsToEnd = 0;
            memory.ended.clear();
            try (StreamPass pass = stream.begin(weights.order())) {
                GroupLease lease = pass.next();
                String message =
                        expectThrows(IllegalStateException.class, lease::close).getMessage();
                assertEquals(message, "no end of 0");
                assertEquals(memory.ended.stream().sorted().toList(), List.of(0, 1, 2));
            }
            memory.failsToEnd = -1;
            weights.runPass(stream, weights.order(), new Random(1));
        }
    }
}
