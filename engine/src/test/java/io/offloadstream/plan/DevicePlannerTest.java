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
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.testng.annotations.Test;

/** Properties of plans for a device with memory of its own, on random groups. */
public class DevicePlannerTest {

    private static final List<Term> HOST_FIXED = List.of(new Term("KV tables", 1111));
    private static final List<Term> DEVICE_FIXED = List.of(new Term("context", 22222));
    private static final Bandwidths RATES = new Bandwidths(1e9, 3e10, 1e10, 1e12);

    private long end;

    /** Of several tensors, so that alignment costs something. */
    private WeightGroup group(int index, Access access, long... sizes) {
        List<TensorEntry> tensors = new ArrayList<>();
        for (long size : sizes) {
            long[] shape = {1, size};
            tensors.add(new TensorEntry("t" + end, "U8", shape, Path.of("w.bin"), end, size));
            end += size;
        }
        return new WeightGroup(index, "group." + index, access, tensors);
    }

    /** What a test varies. */
    private static final class Case {
        private final List<WeightGroup> groups;
        private final int slots;
        private final int block;
        private final int blocks;
        private final int leastBlocks;
        private int mostChunks = 3;
        private int mostSlots;
        private int readThreads;
        private Bandwidths rates = RATES;

        Case(List<WeightGroup> groups, int slots, int block, int leastBlocks) {
            this.groups = groups;
            this.slots = slots;
            this.block = block;
            this.blocks = Math.max(1, groups.size() - 4);
            this.leastBlocks = Math.min(leastBlocks, blocks);
        }

        ResidencyPlan plan(long deviceBytes, long hostBytes) {
            return plan(deviceBytes, hostBytes, 0, 0);
        }

        ResidencyPlan plan(long deviceBytes, long hostBytes, long deviceSpare, long hostSpare) {
            DeviceRequest device =
                    new DeviceRequest(
                            deviceBytes,
                            DEVICE_FIXED,
                            DevicePlannerTest::charged,
                            slots,
                            Math.max(slots, mostSlots),
                            3,
                            mostChunks,
                            readThreads,
                            blocks,
                            leastBlocks,
                            deviceSpare,
                            0,
                            rates);
            return ResidencyPlanner.plan(
                    new PlanRequest(
                            groups,
                            HOST_FIXED,
                            hostBytes,
                            1,
                            3,
                            block,
                            Mapping.NEVER,
                            hostSpare,
                            device));
        }
    }

    private static long charged(long size) {
        return GroupExtents.roundUp(size, 512);
    }

    private Case random(Random random) {
        end = random.nextInt(10_000);
        List<WeightGroup> groups = new ArrayList<>();
        int streamed = 3 + random.nextInt(18);
        long size = 1L + random.nextInt(400_000);
        for (int i = 0; i < streamed; i++) {
            size = random.nextInt(4) == 0 ? 1L + random.nextInt(400_000) : size;
            groups.add(group(i, Access.STREAMED, size, 1 + random.nextInt(700), 100));
        }
        groups.add(group(streamed, Access.STATIC, 1 + random.nextInt(5000)));
        groups.add(group(streamed + 1, Access.GATHERED, 1 + random.nextInt(300_000)));
        groups.add(group(streamed + 2, Access.INDEX, 1 + random.nextInt(3000)));
        int least = random.nextBoolean() ? 0 : random.nextInt(streamed);
        int block = random.nextBoolean() ? 4096 : 1;
        return new Case(groups, 1 + random.nextInt(4), block, least);
    }

    @Test
    public void bothBudgetsHoldTheirLeastsAreExactAndMoreIsNeverSlower() {
        for (long seed = 0; seed < 200; seed++) {
            Random random = new Random(seed);
            Case some = random(random);
            String run = "seed " + seed;
            ResidencyPlan most = some.plan(Long.MAX_VALUE, Long.MAX_VALUE);
            assertEquals(most.slotCount(), 0, run);
            assertEquals(most.copiedBytesPerPass(), 0, run);
            long device = most.deviceLeastBytes();
            long host = most.leastBytes();
            requireRefused(some, device - 1, host, "deviceMemory=" + device + " ", "context 22222");
            requireRefused(some, device, host - 1, "hostMemory=" + host + " ", "KV tables 1111");
            long deviceRange = Math.max(0, most.deviceChargedBytes() - device);
            long hostRange = some.groups.stream().mapToLong(g -> g.sizeBytes() + 5000).sum();
            double[] above = new double[9];
            for (int i = 0; i <= 8; i++) {
                double left = Double.POSITIVE_INFINITY;
                for (int j = 0; j <= 8; j++) {
                    long deviceBytes = device + deviceRange * i / 8;
                    long hostBytes = host + hostRange * j / 8;
                    ResidencyPlan plan = some.plan(deviceBytes, hostBytes);
                    String step = run + " step " + i + ", " + j;
                    requireWithin(plan, step);
                    assertEquals(plan.deviceLeastBytes(), device, step);
                    assertEquals(plan.leastBytes(), host, step);
                    double seconds = Prediction.of(plan, RATES).seconds();
                    assertTrue(seconds <= left, step + " with more of the host");
                    assertTrue(i == 0 || seconds <= above[j], step + " with more of the device");
                    left = seconds;
                    above[j] = seconds;
                }
            }
        }
    }

    @Test
    public void chunksThatNobodyAskedForAreASmallPartOfTheBudget() {
        Case some = random(new Random(5));
        some.mostChunks = 16;
        ResidencyPlan most = some.plan(Long.MAX_VALUE, Long.MAX_VALUE);
        assertEquals(most.stagingCount(), 16);
        long least = most.leastBytes();
        long device = most.deviceLeastBytes();
        assertEquals(some.plan(device, least).stagingCount(), 3);
        long chunk = HostMemory.chargedBytes(most.stagingBytes());
        for (int chunks = 4; chunks <= 16; chunks++) {
            long enough = Math.max(8L * chunks * chunk, least + (chunks - 3) * chunk);
            assertEquals(some.plan(device, enough).stagingCount(), chunks);
            assertEquals(some.plan(device, enough - 1).stagingCount(), chunks - 1);
        }
    }

    /** A budget that holds a pass of 40 equal groups in part: every fourth is read, or all. */
    private ResidencyPlan forty(Case some, int onHost) {
        ResidencyPlan most = some.plan(Long.MAX_VALUE, Long.MAX_VALUE);
        assertEquals(most.deviceLeastBytes(), 22222 + 2 * charged(8_000_000), "of two slots");
        long host = most.leastBytes() + onHost * HostMemory.chargedBytes(8_000_000);
        return some.plan(22222 + 9 * charged(8_000_000), host);
    }

    private Case fortyGroups(Bandwidths rates) {
        end = 0;
        List<WeightGroup> groups = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            groups.add(group(i, Access.STREAMED, 8_000_000));
        }
        Case some = new Case(groups, 2, 1, 0);
        some.mostSlots = 6;
        some.rates = rates;
        return some;
    }

    @Test
    public void slotsFollowFromTheTimesOfTheStages() {
        Bandwidths slowDisk = new Bandwidths(1e9, 3e10, 4e9, 1e12);
        // all from disk, which is always busy with two
        assertEquals(forty(fortyGroups(slowDisk), 0).slotCount(), 2);
        // groups of host memory between those from disk: the next read begins beside them
        ResidencyPlan mixed = forty(fortyGroups(slowDisk), 28);
        assertTrue(mixed.slotCount() > 2, mixed.toString());
        assertTrue(
                mixed.deviceTerms().stream()
                        .anyMatch(t -> t.name().equals("ring of " + mixed.slotCount() + " slots")),
                "it shows");
        assertTrue(mixed.deviceChargedBytes() <= mixed.deviceMemoryBytes());
        // the bus is the slowest anyway
        assertEquals(forty(fortyGroups(new Bandwidths(1e12, 3e10, 4e9, 1e12)), 28).slotCount(), 2);
        Case given = fortyGroups(slowDisk);
        given.mostSlots = 2;
        assertEquals(forty(given, 28).slotCount(), 2);
    }

    @Test
    public void atTheLeastBudgetThereAreTheLeastSlots() {
        Case some = fortyGroups(new Bandwidths(1e9, 3e10, 4e9, 1e12));
        some.readThreads = 8;
        some.mostChunks = 16;
        ResidencyPlan most = some.plan(Long.MAX_VALUE, Long.MAX_VALUE);
        long device = most.deviceLeastBytes();
        ResidencyPlan least = some.plan(device, most.leastBytes());
        assertEquals(least.slotCount(), 2);
        assertEquals(least.stagingCount(), 3);
        requireRefused(
                some, device - 1, most.leastBytes(), "deviceMemory=" + device + " ", "context");
    }

    @Test
    public void chunksFollowFromDiskAndBus() {
        long host = 1L << 30;
        Case some = fortyGroups(new Bandwidths(1e9, 3e10, 1e11, 1e12));
        some.readThreads = 8;
        some.mostChunks = 16;
        // eight in flight, one that is copied, one that waits for the bus
        assertEquals(some.plan(1 << 25, host).stagingCount(), 10);
        // half as fast a disk as the bus: a group of two chunks takes the bus for the time of one
        some.rates = new Bandwidths(1e9, 3e10, 2e9, 1e12);
        assertEquals(some.plan(1 << 25, host).stagingCount(), 10);
        some.rates = new Bandwidths(1.9e9, 3e10, 2e9, 1e12);
        assertEquals(some.plan(1 << 25, host).stagingCount(), 11);
        // the disk is four times as fast: two reads in flight are as fast as the bus
        some.rates = new Bandwidths(8e9, 3e10, 2e9, 1e12);
        assertEquals(some.plan(1 << 25, host).stagingCount(), 4);
        some.readThreads = 0;
        assertEquals(some.plan(1 << 25, host).stagingCount(), 16, "asked for by number");
    }

    private static void requireRefused(
            Case some, long device, long host, String least, String term) {
        BudgetExceededException e =
                expectThrows(BudgetExceededException.class, () -> some.plan(device, host));
        assertTrue(e.getMessage().contains(least), e.getMessage());
        assertTrue(e.getMessage().contains(term), e.getMessage());
    }

    /** What a stream of this plan allocates, added up the other way round. */
    private static void requireWithin(ResidencyPlan plan, String run) {
        long device = 22222;
        long host = 1111 + 3 * HostMemory.chargedBytes(plan.stagingBytes());
        List<WeightGroup> gathered = new ArrayList<>();
        for (WeightGroup group : plan.groups()) {
            int index = group.index();
            boolean forHost = group.access() == Access.GATHERED || group.access() == Access.INDEX;
            if (group.access() == Access.GATHERED) {
                gathered.add(group);
            }
            assertTrue(group.access() != Access.INDEX || plan.isResident(index), run);
            if (plan.isResident(index) && !forHost) {
                device += charged(plan.layout(index).slotBytes());
                assertFalse(plan.isOnHost(index), run);
            } else if (plan.isResident(index) || plan.isOnHost(index)) {
                host += HostMemory.chargedBytes(plan.extents(index).slotBytes());
            }
        }
        long rows = GatherStaging.sizeBytes(gathered, plan.gatherRows(), plan.blockBytes());
        host += HostMemory.chargedBytes(rows);
        device += plan.slotCount() * charged(plan.slotBytes());
        assertEquals(plan.deviceChargedBytes(), device, run);
        assertEquals(plan.chargedBytes(), host, run);
        assertTrue(device <= plan.deviceMemoryBytes(), run);
        assertTrue(host <= plan.hostMemoryBytes(), run);
        assertTrue(plan.slotCount() > 0 || plan.hostGroups().isEmpty(), run);
    }

    @Test
    public void spareStaysFreeOfBothBudgets() {
        for (long seed = 0; seed < 100; seed++) {
            Random random = new Random(seed);
            Case some = random(random);
            ResidencyPlan most = some.plan(Long.MAX_VALUE, Long.MAX_VALUE);
            long device = most.deviceLeastBytes() + random.nextInt(2_000_000);
            long host = most.leastBytes() + random.nextInt(2_000_000);
            long spare = random.nextInt(500_000);
            ResidencyPlan plan = some.plan(device, host, spare, spare);
            requireWithin(plan, "seed " + seed);
            long deviceFree = device - plan.deviceChargedBytes();
            long hostFree = host - plan.chargedBytes();
            long most1 = Math.min(spare, device - most.deviceLeastBytes());
            assertTrue(deviceFree >= most1, "seed " + seed + " free " + deviceFree);
            long most2 = Math.min(spare, host - most.leastBytes());
            assertTrue(hostFree >= most2, "seed " + seed + " free " + hostFree);
        }
    }

    @Test
    public void tensorsLieOnBoundariesWithoutGaps() {
        for (long seed = 0; seed < 50; seed++) {
            Case some = random(new Random(seed));
            ResidencyPlan plan = some.plan(Long.MAX_VALUE, Long.MAX_VALUE);
            for (WeightGroup group : plan.groups()) {
                SlotLayout layout = plan.layout(group.index());
                long expected = 0;
                for (int i = 0; i < group.tensors().size(); i++) {
                    assertEquals(layout.tensorOffset(i), expected, "seed " + seed);
                    expected += (group.tensors().get(i).sizeBytes() + 255) / 256 * 256;
                }
                assertEquals(layout.slotBytes(), Math.max(256, expected), "seed " + seed);
            }
        }
    }

    @Test
    public void equalGroupsFillTheDeviceThenTheHost() {
        for (long seed = 0; seed < 40; seed++) {
            Random random = new Random(seed);
            end = 0;
            List<WeightGroup> groups = new ArrayList<>();
            for (int i = 0; i < 7; i++) {
                groups.add(group(i, Access.STREAMED, 400_000));
            }
            Case some = new Case(groups, 2, 1, 0);
            ResidencyPlan most = some.plan(Long.MAX_VALUE, Long.MAX_VALUE);
            int onDevice = random.nextInt(5);
            int onHost = random.nextInt(7);
            ResidencyPlan plan =
                    some.plan(
                            most.deviceLeastBytes() + onDevice * charged(400_128),
                            most.leastBytes() + onHost * HostMemory.chargedBytes(400_000));
            // equal groups: the most that fit on the device, then on the host
            assertEquals(plan.pinned().size(), onDevice, "seed " + seed);
            int rest = 7 - onDevice;
            assertEquals(plan.hostGroups().size(), Math.min(onHost, rest), "seed " + seed);
            assertEquals(plan.copiedBytesPerPass(), rest * 400_000L);
            assertEquals(plan.streamedBytesPerPass(), (rest - Math.min(onHost, rest)) * 400_000L);
        }
    }

    @Test
    public void gpuLayersPinsBlocksOrSaysHowManyFit() {
        end = 0;
        List<WeightGroup> groups = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            groups.add(group(i, Access.STREAMED, 100_000));
        }
        Case free = new Case(groups, 2, 1, 0);
        long ring = free.plan(Long.MAX_VALUE, Long.MAX_VALUE).deviceLeastBytes();
        Case four = new Case(groups, 2, 1, 4);
        long least = ring + 4 * charged(100_096);
        assertEquals(four.plan(Long.MAX_VALUE, Long.MAX_VALUE).deviceLeastBytes(), least);
        ResidencyPlan plan = four.plan(least, 10_000_000);
        assertEquals(plan.pinned().size(), 4);
        assertTrue(plan.pinned().stream().allMatch(group -> group.index() < 6), "blocks only");
        BudgetExceededException e =
                expectThrows(BudgetExceededException.class, () -> four.plan(least - 1, 10_000_000));
        assertTrue(e.getMessage().contains("lower gpuLayers to 3"), e.getMessage());
        assertTrue(e.getMessage().contains("4 blocks by gpuLayers"), e.getMessage());
    }

    @Test
    public void theTableShowsBothBudgetsAndTheBus() {
        end = 0;
        List<WeightGroup> groups = new ArrayList<>();
        for (int i = 0; i < 80; i++) {
            groups.add(group(i, Access.STREAMED, 10_000_000));
        }
        Case some = new Case(groups, 2, 1, 0);
        ResidencyPlan most = some.plan(Long.MAX_VALUE, Long.MAX_VALUE);
        ResidencyPlan plan =
                some.plan(
                        most.deviceLeastBytes() + 20 * charged(10_000_128),
                        most.leastBytes() + 20 * HostMemory.chargedBytes(10_000_000));
        String table = plan.table(RATES);
        assertTrue(table.contains("deviceMemory") && table.contains("hostMemory"), table);
        assertTrue(table.contains("predicted: 400 ms per token, bottleneck: disk"), table);
        String fast = plan.table(new Bandwidths(1e12, 1e12, 1e10, 1e12));
        assertTrue(fast.contains("predicted: 60.0 ms per token, bottleneck: bus"), fast);
    }

    @Test
    public void mappingIsRefused() {
        end = 0;
        List<WeightGroup> groups = List.of(group(0, Access.STREAMED, 1000));
        DeviceRequest device =
                new DeviceRequest(
                        1 << 20, List.of(), size -> size, 2, 2, 2, 2, 0, 1, 0, 0, 0, RATES);
        PlanRequest request =
                new PlanRequest(groups, List.of(), 1 << 20, 1, 0, 1, Mapping.REQUIRED, 0, device);
        expectThrows(IllegalArgumentException.class, () -> ResidencyPlanner.plan(request));
    }
}
