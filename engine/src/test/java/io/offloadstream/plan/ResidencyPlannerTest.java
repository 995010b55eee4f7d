/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.plan;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.plan.PlanRequest.Mapping;
import io.offloadstream.plan.PlanRequest.Term;
import io.offloadstream.plan.WeightGroup.Access;
import io.offloadstream.platform.BudgetExceededException;
import io.offloadstream.platform.HostMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.testng.annotations.Test;

/** Properties of every plan, on random groups. */
public class ResidencyPlannerTest {

    private static final List<Term> FIXED = List.of(new Term("scratch", 12345));

    private long end;

    private WeightGroup group(int index, Access access, long sizeBytes) {
        long[] shape = {1, sizeBytes};
        TensorEntry entry =
                new TensorEntry("t" + index, "U8", shape, Path.of("w.bin"), end, sizeBytes);
        end += sizeBytes;
        return new WeightGroup(index, "group." + index, access, List.of(entry));
    }

    private List<WeightGroup> random(Random random) {
        end = random.nextInt(10_000);
        List<WeightGroup> groups = new ArrayList<>();
        int streamed = 1 + random.nextInt(20);
        long size = 1L + random.nextInt(400_000);
        boolean inParts = random.nextBoolean();
        for (int i = 0; i < streamed; i++) {
            size = random.nextInt(4) == 0 ? 1L + random.nextInt(400_000) : size;
            WeightGroup one = group(i, Access.STREAMED, size);
            List<TensorEntry> tensors = new ArrayList<>(one.tensors());
            for (int more = inParts ? random.nextInt(4) : 0; more > 0; more--) {
                tensors.addAll(group(10 * i + more, Access.STREAMED, size).tensors());
            }
            WeightGroup whole = new WeightGroup(i, one.name(), Access.STREAMED, tensors);
            groups.addAll(GroupParts.cut(whole, inParts ? 1 : Long.MAX_VALUE, groups.size()));
        }
        int count = groups.size();
        groups.add(group(count, Access.STATIC, 1 + random.nextInt(5000)));
        groups.add(group(count + 1, Access.GATHERED, 1 + random.nextInt(300_000)));
        groups.add(group(count + 2, Access.INDEX, 1 + random.nextInt(3000)));
        return groups;
    }

    private static PlanRequest request(
            List<WeightGroup> groups, long budget, int slots, int block) {
        return new PlanRequest(groups, FIXED, budget, slots, 3, block, Mapping.NEVER, 0);
    }

    @Test
    public void budgetsHoldTheLeastIsExactAndMoreNeverStreamsMore() {
        for (long seed = 0; seed < 300; seed++) {
            Random random = new Random(seed);
            List<WeightGroup> groups = random(random);
            int slots = 1 + random.nextInt(4);
            int block = random.nextBoolean() ? 4096 : 1;
            String run = "seed " + seed;
            ResidencyPlan most =
                    ResidencyPlanner.plan(request(groups, Long.MAX_VALUE, slots, block));
            assertEquals(most.streamedBytesPerPass(), 0, run);
            assertEquals(most.slotCount(), 0, run);
            long least = most.leastBytes();
            BudgetExceededException e =
                    expectThrows(
                            BudgetExceededException.class,
                            () -> ResidencyPlanner.plan(request(groups, least - 1, slots, block)));
            assertTrue(e.getMessage().contains("hostMemory=" + least + " "), e.getMessage());
            assertTrue(e.getMessage().contains("scratch 12345"), e.getMessage());
            long streamed = Long.MAX_VALUE;
            long range = most.chargedBytes() - least;
            for (int step = 0; step <= 40; step++) {
                long budget = least + Math.max(0, range) * step / 40;
                ResidencyPlan plan = ResidencyPlanner.plan(request(groups, budget, slots, block));
                assertTrue(plan.chargedBytes() <= budget, run);
                assertEquals(plan.leastBytes(), least, run);
                assertTrue(plan.streamedBytesPerPass() <= streamed, run + " step " + step);
                streamed = plan.streamedBytesPerPass();
                assertEquals(plan.chargedBytes(), chargedByHand(plan), run);
                assertTrue(plan.slotCount() == 0 || hasSlots(plan, slots), run + " step " + step);
            }
            assertEquals(streamed, range >= 0 ? 0 : streamed, run);
        }
    }

    @Test
    public void spareStaysFreeWhereResidentGroupsWouldTakeIt() {
        for (long seed = 0; seed < 100; seed++) {
            Random random = new Random(seed);
            List<WeightGroup> groups = random(random);
            long least = ResidencyPlanner.plan(request(groups, Long.MAX_VALUE, 2, 1)).leastBytes();
            long spare = random.nextInt(500_000);
            long budget = least + random.nextInt(2_000_000);
            PlanRequest request =
                    new PlanRequest(groups, FIXED, budget, 2, 3, 1, Mapping.NEVER, spare);
            ResidencyPlan plan = ResidencyPlanner.plan(request);
            String run = "seed " + seed;
            assertEquals(plan.leastBytes(), least, run);
            long free = budget - plan.chargedBytes();
            assertTrue(free >= Math.min(spare, budget - least), run + " free " + free);
            ResidencyPlan less = ResidencyPlanner.plan(request(groups, budget, 2, 1));
            assertTrue(plan.residentBytes() <= less.residentBytes(), run);
        }
    }

    /** Whether a ring holds any whole, and leaves slots to read ahead into. */
    private static boolean hasSlots(ResidencyPlan plan, int slots) {
        int[] streaming = new int[plan.groups().size()];
        for (WeightGroup group : plan.groups()) {
            boolean streams = group.access() == Access.STREAMED && !plan.isResident(group.index());
            streaming[group.whole().index()] += streams ? 1 : 0;
        }
        int most = Arrays.stream(streaming).max().orElse(0);
        return plan.slotCount() >= plan.wholes().mostParts()
                && plan.slotCount() >= most - 1 + slots
                && plan.slotCount() <= plan.wantedSlotCount();
    }

    /** Ten wholes of four parts, each part of one size. */
    private List<WeightGroup> inParts(long partBytes) {
        end = 0;
        List<WeightGroup> groups = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            List<TensorEntry> tensors = new ArrayList<>();
            for (int tensor = 0; tensor < 4; tensor++) {
                tensors.addAll(group(4 * i + tensor, Access.STREAMED, partBytes).tensors());
            }
            WeightGroup whole = new WeightGroup(i, "layer." + i, Access.STREAMED, tensors);
            groups.addAll(GroupParts.cut(whole, partBytes, groups.size()));
        }
        return groups;
    }

    @Test
    public void moreSlotsThanCanBeCountedAreABudgetThatIsTooSmall() {
        List<WeightGroup> groups = inParts(64 << 20);
        for (int slots : new int[] {Integer.MAX_VALUE, Integer.MAX_VALUE / 2 + 2}) {
            BudgetExceededException e =
                    expectThrows(
                            BudgetExceededException.class,
                            () -> ResidencyPlanner.plan(request(groups, 1L << 30, slots, 4096)));
            assertTrue(e.getMessage().contains("hostMemory="), e.getMessage());
            ResidencyPlan plan = ResidencyPlanner.plan(request(groups, 1L << 40, slots, 4096));
            assertEquals(plan.streamedBytesPerPass(), 0);
            assertTrue(plan.wantedSlotCount() >= plan.wholes().mostParts());
        }
    }

    @Test
    public void partsForADeviceAreRefused() {
        Bandwidths rates = new Bandwidths(1e9, 3e10, 1e10, 1e12);
        DeviceRequest device =
                new DeviceRequest(
                        1L << 40, List.of(), size -> size, 2, 2, 2, 2, 0, 1, 0, 0, 0, rates);
        for (long most : new long[] {64 << 20, Long.MAX_VALUE}) {
            end = 0;
            WeightGroup one = group(0, Access.STREAMED, 64 << 20);
            List<TensorEntry> tensors = new ArrayList<>(one.tensors());
            tensors.addAll(group(1, Access.STREAMED, 64 << 20).tensors());
            WeightGroup whole = new WeightGroup(0, "layer.0", Access.STREAMED, tensors);
            PlanRequest request =
                    new PlanRequest(
                            GroupParts.cut(whole, most, 0),
                            List.of(),
                            1L << 40,
                            1,
                            0,
                            1,
                            Mapping.NEVER,
                            0,
                            device);
            if (most == Long.MAX_VALUE) {
                assertTrue(ResidencyPlanner.plan(request).hasDevice());
            } else {
                IllegalArgumentException e =
                        expectThrows(
                                IllegalArgumentException.class,
                                () -> ResidencyPlanner.plan(request));
                assertTrue(e.getMessage().contains("2 parts"), e.getMessage());
            }
        }
    }

    @Test
    public void theMoreStaysTheFewerSlotsAreNeeded() {
        long part = 64 << 20;
        List<WeightGroup> groups = inParts(part);
        ResidencyPlan least = ResidencyPlanner.plan(request(groups, 12345 + 5 * part, 2, 4096));
        assertEquals(least.slotCount(), 5);
        assertEquals(least.leastBytes(), 12345 + 5 * part);
        // of each whole one part stays: 4 slots hold the other three and one to read ahead into
        ResidencyPlan some = ResidencyPlanner.plan(request(groups, 12345 + 14 * part, 2, 4096));
        assertEquals(some.slotCount(), 4);
        assertEquals(some.pinned().size(), 10);
        assertEquals(some.streamedBytesPerPass(), 30 * part);
        // with room for a part less some whole has none: all of its parts, and one slot more
        ResidencyPlan less = ResidencyPlanner.plan(request(groups, 12345 + 13 * part, 2, 4096));
        assertEquals(less.slotCount(), 5);
        assertEquals(less.pinned().size(), 8);
    }

    @Test
    public void smallPartsHaveSeveralSlotsToReadAheadInto() {
        long part = 32 << 20;
        List<WeightGroup> groups = inParts(part);
        ResidencyPlan least = ResidencyPlanner.plan(request(groups, 12345 + 6 * part, 2, 4096));
        assertEquals(least.slotCount(), 6);
        assertEquals(least.leastBytes(), 12345 + 6 * part);
        // two of each whole stay
        ResidencyPlan half = ResidencyPlanner.plan(request(groups, 12345 + 24 * part, 2, 4096));
        assertEquals(half.slotCount(), 4);
        assertEquals(half.pinned().size(), 20);
        // nobody asked to read ahead
        assertEquals(
                ResidencyPlanner.plan(request(groups, 12345 + 4 * part, 1, 4096)).slotCount(), 4);
        // no more than a whole is read ahead for a slot that was asked for
        List<WeightGroup> tiny = inParts(1 << 20);
        assertEquals(
                ResidencyPlanner.plan(request(tiny, Long.MAX_VALUE, 2, 4096)).wantedSlotCount(), 8);
    }

    /** What a stream of this plan allocates, added up the other way round. */
    private static long chargedByHand(ResidencyPlan plan) {
        long bytes = 12345;
        List<WeightGroup> gathered = new ArrayList<>();
        for (WeightGroup group : plan.groups()) {
            if (plan.isResident(group.index())) {
                bytes += HostMemory.chargedBytes(plan.extents(group.index()).slotBytes());
            }
            if (group.access() == Access.GATHERED) {
                gathered.add(group);
            }
            assertTrue(group.access() != Access.INDEX || plan.isResident(group.index()));
        }
        long staging = GatherStaging.sizeBytes(gathered, plan.gatherRows(), plan.blockBytes());
        bytes += HostMemory.chargedBytes(staging);
        for (int i = 0; i < plan.slotCount(); i++) {
            bytes += HostMemory.chargedBytes(plan.slotBytes());
        }
        return bytes;
    }

    @Test
    public void residentGroupsLieEvenlyBetweenStreamedOnes() {
        end = 0;
        List<WeightGroup> groups = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            groups.add(group(i, Access.STREAMED, 409_600));
        }
        for (int kept = 0; kept <= 27; kept++) {
            long budget = 12345 + (kept + 2) * 409_600L;
            ResidencyPlan plan = ResidencyPlanner.plan(request(groups, budget, 2, 4096));
            assertEquals(plan.pinned().size(), kept);
            for (int window = 1; window <= 30; window++) {
                int fewest = window;
                int most = 0;
                for (int from = 0; from + window <= 30; from++) {
                    int count = 0;
                    for (int i = from; i < from + window; i++) {
                        count += plan.isResident(i) ? 1 : 0;
                    }
                    fewest = Math.min(fewest, count);
                    most = Math.max(most, count);
                }
                assertTrue(most - fewest <= 1, kept + " kept, window " + window);
            }
        }
    }

    @Test
    public void aTableWhoseBytesResidentGroupsHoldIsNotPinned() {
        long[] shape = {100, 4096};
        TensorEntry table =
                new TensorEntry("table", "U8", shape, Path.of("w.bin"), 4096, 100 * 4096);
        List<WeightGroup> tied =
                List.of(
                        new WeightGroup(0, "head.0", Access.STREAMED, List.of(table.rows(0, 40))),
                        new WeightGroup(1, "head.1", Access.STREAMED, List.of(table.rows(40, 100))),
                        new WeightGroup(2, "embedding", Access.GATHERED, List.of(table)));
        ResidencyPlan plan = ResidencyPlanner.plan(request(tied, 10_000_000, 2, 4096));
        assertTrue(plan.isResident(0) && plan.isResident(1));
        assertFalse(plan.isResident(2));
        List<WeightGroup> untied =
                List.of(
                        tied.get(0),
                        new WeightGroup(1, "other", Access.STREAMED, List.of(table.rows(40, 99))),
                        tied.get(2));
        assertTrue(ResidencyPlanner.plan(request(untied, 10_000_000, 2, 4096)).isResident(2));
    }

    @Test
    public void filesAreMappedWhereAllFits() throws IOException {
        Path file = Files.createTempFile("weights", ".bin");
        try {
            Files.write(file, new byte[100_000]);
            TensorEntry entry =
                    new TensorEntry("t", "U8", new long[] {90_000}, file, 10_000, 90_000);
            List<WeightGroup> groups =
                    List.of(new WeightGroup(0, "layer.0", Access.STREAMED, List.of(entry)));
            long mapped = 12345 + HostMemory.chargedBytes(100_000);
            for (Mapping mapping : Mapping.values()) {
                PlanRequest fits = new PlanRequest(groups, FIXED, mapped, 2, 0, 1, mapping, 0);
                assertEquals(ResidencyPlanner.plan(fits).isMapped(), mapping != Mapping.NEVER);
                PlanRequest less = new PlanRequest(groups, FIXED, mapped - 1, 2, 0, 1, mapping, 0);
                if (mapping == Mapping.REQUIRED) {
                    BudgetExceededException e =
                            expectThrows(
                                    BudgetExceededException.class,
                                    () -> ResidencyPlanner.plan(less));
                    assertEquals(e.requestedBytes(), mapped);
                } else {
                    assertFalse(ResidencyPlanner.plan(less).isMapped());
                }
            }
        } finally {
            Files.delete(file);
        }
    }

    @Test
    public void theTableFoldsEqualGroupsAndNamesTheBottleneck() {
        end = 0;
        List<WeightGroup> groups = new ArrayList<>();
        for (int i = 0; i < 80; i++) {
            groups.add(group(i, Access.STREAMED, 10_000_000));
        }
        long budget = 12345 + 42 * HostMemory.chargedBytes(10_000_000);
        ResidencyPlan plan = ResidencyPlanner.plan(request(groups, budget, 2, 1));
        String table = plan.table(new Bandwidths(1e9, 1e10));
        assertTrue(table.contains("group.0 to group.79"), table);
        assertTrue(table.contains("predicted: 400 ms per token, bottleneck: disk"), table);
        assertTrue(table.lines().count() < 20, table);
        String fast = plan.table(new Bandwidths(1e12, 1e10));
        assertTrue(fast.contains("predicted: 80.0 ms per token, bottleneck: memory"), fast);
    }
}
