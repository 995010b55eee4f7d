/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.plan;

import io.offloadstream.plan.PlanRequest.Mapping;
import io.offloadstream.plan.WeightGroup.Access;
import io.offloadstream.platform.HostMemory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/**
 * Plans for a device with memory of its own, by two budgets.
 *
 * <p>The device's pays the fixed terms, the STATIC groups, the ring and, of what is left beyond the
 * spare, groups that stay there. The host's pays the fixed terms, the pinned chunks that reads land
 * in, the staging of gathered rows and, of what is left, groups that wait in pinned memory to be
 * copied in each pass, then gathered tables. The rest streams from disk. What one budget needs at
 * least does not depend on the other.
 */
final class DevicePlanner {

    /**
     * Chunks that nobody asked for by number are worth at most one part in this many of the budget:
     * the rest keeps groups in memory, which spares reads altogether.
     */
    private static final int STAGING_SHARE = 8;

    /** How much faster a pass must get for a slot that could hold a group instead. */
    private static final double WORTHWHILE = 0.99;

    private final PlanRequest request;
    private final DeviceRequest device;
    private final List<GroupExtents> extents = new ArrayList<>();
    private final List<DeviceLayout> layouts = new ArrayList<>();
    private final List<WeightGroup> streamed;
    private final long stagingBytes;
    private final long slotBytes;

    DevicePlanner(PlanRequest request) {
        if (request.mapping() == Mapping.REQUIRED) {
            throw new IllegalArgumentException(
                    "files cannot be mapped for a device with memory of its own: what is mapped"
                            + " cannot be copied at full speed");
        }
        this.request = request;
        this.device = request.device();
        for (WeightGroup group : request.groups()) {
            extents.add(GroupExtents.of(group, request.blockBytes()));
            layouts.add(new DeviceLayout(group));
        }
        streamed = ofAccess(Access.STREAMED);
        stagingBytes = stagingBytes();
        slotBytes =
                streamed.stream()
                        .mapToLong(group -> layouts.get(group.index()).slotBytes())
                        .max()
                        .orElse(0);
    }

    /** The largest request, as {@link ResidencyPlan#MOST_REQUEST_BYTES} cuts them. */
    private long stagingBytes() {
        int block = request.blockBytes();
        long largest = 1;
        for (GroupExtents group : extents) {
            for (GroupExtents.Extent extent : group.extents()) {
                largest = Math.max(largest, extent.length());
            }
        }
        long most = GroupExtents.roundUp(ResidencyPlan.MOST_REQUEST_BYTES, block);
        // read into directly, so it starts at a page, which it only does if its size is one
        long unit = block == 1 ? 1 : Math.max(block, HostMemory.ALIGNMENT_BYTES);
        return GroupExtents.roundUp(Math.min(largest, most), unit);
    }

    ResidencyPlan plan() {
        PlanTerms leastHost = hostTerms(device.leastStagingCount());
        PlanTerms base = deviceTerms();
        PlanTerms ring = ring(base, device.slotCount());
        PlanTerms leastRing =
                ring.with(device.leastBlocks() + " blocks by gpuLayers", smallestBlocks());
        long allBytes = streamed.stream().mapToLong(this::onDevice).sum();
        PlanTerms whole = base.with("resident weights", allBytes);
        boolean ringIsLess = leastRing.sum() <= whole.sum();
        PlanTerms least = ringIsLess ? leastRing : whole;
        requireBudgets(least, ring, leastHost);
        int chunks = stagingCount(leastHost.sum());
        PlanTerms host = hostTerms(chunks);

        long deviceBudget = device.deviceMemoryBytes();
        boolean withRing = ringIsLess && whole.sum() > deviceBudget - device.spareBytes();
        Ring chosen =
                withRing
                        ? chooseRing(base, request.hostMemoryBytes() - host.sum())
                        : new Ring(0, base, new DeviceTiers(streamed, List.of()));
        DeviceTiers tiers = chosen.tiers();
        PlanChoice memory =
                new PlanChoice(host, leastHost.sum(), tiers.onDevice(), chosen.slots(), slotBytes);
        DeviceChoice choice =
                new DeviceChoice(
                        chosen.terms(), least.sum(), tiers.onHost(), layouts, chunks, stagingBytes);
        return finish(tiers, memory, choice);
    }

    /** Slots, what is charged with them, and which groups stay where beside them. */
    private record Ring(int slots, PlanTerms terms, DeviceTiers tiers) {}

    private PlanTerms ring(PlanTerms base, int slots) {
        long ringBytes = streamed.isEmpty() ? 0 : slots * onDevice(slotBytes);
        return base.with("ring of " + slots + " slots", ringBytes);
    }

    /**
     * The slots that the measured times ask for. Where reads are the slowest stage and host memory
     * keeps groups between those that are read, the next read can only begin when a slot is left
     * beside theirs; where one stage is much slower than the others and all groups take the same
     * way, more slots than the least bring nothing, and their memory keeps groups on the device
     * instead. So counts are tried, with the groups that stay beside them, until one more does not
     * fit or makes a pass no faster.
     */
    private Ring chooseRing(PlanTerms base, long hostRoom) {
        Ring best = null;
        double bestSeconds = 0;
        for (int slots = device.slotCount(); slots <= device.mostSlotCount(); slots++) {
            PlanTerms terms = ring(base, slots);
            long left = device.deviceMemoryBytes() - terms.sum();
            if (best != null && left - device.spareBytes() < smallestBlocks()) {
                break;
            }
            long wanted = Math.max(smallestBlocks(), left - device.spareBytes());
            DeviceTiers tiers =
                    chooser().choose(wanted, Math.max(0, hostRoom - request.spareBytes()));
            double seconds = PipelineModel.seconds(stages(tiers), slots);
            if (best != null && seconds > WORTHWHILE * bestSeconds) {
                break;
            }
            best = new Ring(slots, terms, tiers);
            bestSeconds = seconds;
        }
        return best;
    }

    /** What each group takes of each stage, in the order of a pass. */
    private List<PipelineModel.Stages> stages(DeviceTiers tiers) {
        Bandwidths rates = device.bandwidths();
        Set<WeightGroup> onDevice = identitySet(tiers.onDevice());
        Set<WeightGroup> onHost = identitySet(tiers.onHost());
        List<PipelineModel.Stages> stages = new ArrayList<>();
        for (WeightGroup group : streamed) {
            boolean stays = onDevice.contains(group);
            boolean read = !stays && !onHost.contains(group);
            long bytes = group.sizeBytes();
            stages.add(
                    new PipelineModel.Stages(
                            read
                                    ? extents.get(group.index()).readBytes()
                                            / rates.diskBytesPerSecond()
                                    : 0,
                            stays ? 0 : bytes / rates.busBytesPerSecond(),
                            bytes / rates.deviceBytesPerSecond()));
        }
        return stages;
    }

    private static Set<WeightGroup> identitySet(List<WeightGroup> groups) {
        Set<WeightGroup> set = Collections.newSetFromMap(new IdentityHashMap<>());
        set.addAll(groups);
        return set;
    }

    private TierChooser chooser() {
        List<TierChooser.Candidate> candidates = new ArrayList<>();
        for (WeightGroup group : streamed) {
            GroupExtents read = extents.get(group.index());
            candidates.add(
                    new TierChooser.Candidate(
                            group,
                            onDevice(group),
                            read.chargedBytes(),
                            read.readBytes(),
                            group.sizeBytes()));
        }
        return new TierChooser(
                candidates, device.blockCount(), device.leastBlocks(), device.bandwidths());
    }

    /** As many as are wanted while they are a small part of the budget, or what it has room for. */
    private int stagingCount(long leastHostBytes) {
        long chunkBytes = HostMemory.chargedBytes(stagingBytes);
        long room =
                Math.min(
                        request.hostMemoryBytes() / STAGING_SHARE,
                        request.hostMemoryBytes()
                                - leastHostBytes
                                + device.leastStagingCount() * chunkBytes);
        long count = Math.min(wantedChunks(), room / chunkBytes);
        return (int) Math.max(device.leastStagingCount(), count);
    }

    /**
     * A chunk is held from the beginning of its read to the end of its copy. So one for each read
     * in flight that the slower of disk and bus has use for (all of them reach the disk's
     * bandwidth, fewer reach the bus's where that is less), one that is copied, and, where the disk
     * is slower, those that are read while the bus is busy with a group that host memory keeps.
     */
    private int wantedChunks() {
        if (device.readThreads() == 0) {
            return device.stagingCount();
        }
        Bandwidths rates = device.bandwidths();
        double diskToBus = rates.diskBytesPerSecond() / rates.busBytesPerSecond();
        double reads = Math.ceil(device.readThreads() * Math.min(1, 1 / diskToBus));
        double waiting = diskToBus < 1 ? Math.ceil(diskToBus * slotBytes / stagingBytes) : 1;
        return (int) Math.min(device.stagingCount(), reads + 1 + waiting);
    }

    /** Adds what the tiers take, and the tables that there is room for. */
    private ResidencyPlan finish(DeviceTiers tiers, PlanChoice memory, DeviceChoice choice) {
        long hostGroupBytes =
                tiers.onHost().stream()
                        .mapToLong(group -> extents.get(group.index()).chargedBytes())
                        .sum();
        PlanTerms terms = memory.terms().with("host groups", hostGroupBytes);
        long room = request.hostMemoryBytes() - terms.sum() - request.spareBytes();
        List<WeightGroup> tables = gathered(tiers.onHost(), room);
        long tableBytes =
                tables.stream().mapToLong(group -> extents.get(group.index()).chargedBytes()).sum();
        long pinnedBytes = tiers.onDevice().stream().mapToLong(this::onDevice).sum();
        List<WeightGroup> pinned = new ArrayList<>(tiers.onDevice());
        pinned.addAll(tables);
        return new ResidencyPlan(
                request,
                extents,
                false,
                new PlanChoice(
                        terms.with("resident tables", tableBytes),
                        memory.leastBytes(),
                        pinned,
                        memory.slotCount(),
                        memory.slotBytes()),
                new DeviceChoice(
                        choice.terms().with("resident weights", pinnedBytes),
                        choice.leastBytes(),
                        choice.hostGroups(),
                        choice.layouts(),
                        choice.stagingCount(),
                        choice.stagingBytes()));
    }

    private List<WeightGroup> gathered(List<WeightGroup> onHost, long room) {
        FileCoverage coverage = new FileCoverage(onHost);
        List<WeightGroup> chosen = new ArrayList<>();
        long left = room;
        for (WeightGroup group : ofAccess(Access.GATHERED)) {
            long bytes = extents.get(group.index()).chargedBytes();
            if (bytes <= left && !coverage.covers(group)) {
                chosen.add(group);
                left -= bytes;
            }
        }
        return chosen;
    }

    private PlanTerms hostTerms(int chunks) {
        long indexBytes =
                ofAccess(Access.INDEX).stream()
                        .mapToLong(group -> extents.get(group.index()).chargedBytes())
                        .sum();
        return new PlanTerms(request.fixed())
                .with(
                        "staging of " + chunks + " chunks",
                        chunks * HostMemory.chargedBytes(stagingBytes))
                .with("index of tables", indexBytes)
                .with("gather staging", ResidencyPlanner.gatherBytes(request));
    }

    private PlanTerms deviceTerms() {
        long staticBytes = ofAccess(Access.STATIC).stream().mapToLong(this::onDevice).sum();
        return new PlanTerms(device.fixed()).with("static weights", staticBytes);
    }

    private void requireBudgets(PlanTerms least, PlanTerms ring, PlanTerms host) {
        if (device.deviceMemoryBytes() < least.sum()) {
            int fits = blocksThatFit(device.deviceMemoryBytes() - ring.sum());
            boolean lower = device.leastBlocks() > 0 && fits >= 0;
            String remedy = lower ? "raise it, or lower gpuLayers to " + fits : "raise it";
            throw least.tooSmall("deviceMemory", device.deviceMemoryBytes(), remedy);
        }
        if (request.hostMemoryBytes() < host.sum()) {
            throw host.tooSmall("hostMemory", request.hostMemoryBytes(), "raise it");
        }
    }

    /** Blocks by what they take of the device, the smallest first. */
    private List<Long> blockBytes() {
        return streamed.stream()
                .filter(group -> group.index() < device.blockCount())
                .map(this::onDevice)
                .sorted(Comparator.naturalOrder())
                .toList();
    }

    private long smallestBlocks() {
        return blockBytes().stream().limit(device.leastBlocks()).mapToLong(Long::longValue).sum();
    }

    /** How many blocks a room holds, -1 if it is negative. */
    private int blocksThatFit(long room) {
        long left = room;
        int fits = -1;
        for (long bytes : blockBytes()) {
            if (left < 0) {
                return fits;
            }
            fits++;
            left -= bytes;
        }
        return left >= 0 ? fits + 1 : fits;
    }

    private List<WeightGroup> ofAccess(Access access) {
        return request.groups().stream().filter(group -> group.access() == access).toList();
    }

    private long onDevice(WeightGroup group) {
        return onDevice(layouts.get(group.index()).slotBytes());
    }

    private long onDevice(long sizeBytes) {
        return device.chargedBytes().applyAsLong(sizeBytes);
    }

    /**
     * Which STREAMED groups stay where; the others stream from disk.
     *
     * @param onDevice by index
     * @param onHost by index
     */
    record DeviceTiers(List<WeightGroup> onDevice, List<WeightGroup> onHost) {}
}
