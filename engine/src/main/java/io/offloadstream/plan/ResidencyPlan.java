/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.plan;

import io.offloadstream.plan.PlanRequest.Mapping;
import io.offloadstream.plan.PlanRequest.Term;
import io.offloadstream.plan.WeightGroup.Access;
import io.offloadstream.platform.MemorySize;
import java.util.List;
import java.util.function.Predicate;

/**
 * For each group, whether it stays in memory or streams from disk; the ring of slots; and every
 * byte of the budget, or of both, by name. Printable as a table. Immutable.
 */
public final class ResidencyPlan {

    /** The most that one request to the disk asks for, and so the most that a chunk holds. */
    public static final int MOST_REQUEST_BYTES = 4 << 20;

    private final PlanRequest request;
    private final List<GroupExtents> extents;
    private final boolean mapped;
    private final PlanChoice choice;
    private final DeviceChoice onDevice;
    private final List<WeightGroup> pinned;
    private final boolean[] resident;
    private final boolean[] onHost;
    private final Wholes wholes;

    ResidencyPlan(
            PlanRequest request,
            List<GroupExtents> extents,
            boolean mapped,
            PlanChoice choice,
            DeviceChoice onDeviceOrNull) {
        this.request = request;
        this.extents = List.copyOf(extents);
        this.mapped = mapped;
        this.choice = choice;
        this.onDevice = onDeviceOrNull;
        this.pinned = List.copyOf(choice.pinned());
        this.resident = new boolean[request.groups().size()];
        this.onHost = new boolean[request.groups().size()];
        for (WeightGroup group : request.groups()) {
            resident[group.index()] =
                    mapped || group.access() == Access.STATIC || group.access() == Access.INDEX;
        }
        for (WeightGroup group : pinned) {
            resident[group.index()] = true;
        }
        for (WeightGroup group : hostGroups()) {
            onHost[group.index()] = true;
        }
        wholes = new Wholes(request.groups());
    }

    /**
     * Plans the same request without mapping, for a system that refuses to map.
     *
     * @return a plan that reads files through the page cache
     * @throws io.offloadstream.platform.BudgetExceededException if that does not fit
     */
    public ResidencyPlan withoutMapping() {
        return ResidencyPlanner.plan(
                new PlanRequest(
                        request.groups(),
                        request.fixed(),
                        request.hostMemoryBytes(),
                        request.slotCount(),
                        request.gatherRows(),
                        request.blockBytes(),
                        Mapping.NEVER,
                        request.spareBytes()));
    }

    /**
     * Returns all groups.
     *
     * @return groups by index
     */
    public List<WeightGroup> groups() {
        return request.groups();
    }

    /**
     * Returns which groups are parts of what.
     *
     * @return wholes and their parts
     */
    public Wholes wholes() {
        return wholes;
    }

    /**
     * Returns what a group is read from.
     *
     * @param group its index
     * @return its extents and its layout in a slot
     */
    public GroupExtents extents(int group) {
        return extents.get(group);
    }

    /**
     * Returns where a group's tensors lie in memory that kernels compute in.
     *
     * @param group its index
     * @return as they are read where kernels compute in host memory; each on a boundary of 256
     *     bytes, gaps left out, where they are copied to a device
     */
    public SlotLayout layout(int group) {
        return onDevice == null ? extents.get(group) : onDevice.layouts().get(group);
    }

    /**
     * Tells whether weights are copied to a device with memory of its own.
     *
     * @return false where kernels compute in host memory
     */
    public boolean hasDevice() {
        return onDevice != null;
    }

    /**
     * Returns the STREAMED groups that are kept in host memory and copied to the device in each
     * pass: pinned memory of {@link #extents}' slot size each, in the layout in which they were
     * read. Where kernels compute in host memory there are none: such groups are {@link #pinned}.
     *
     * @return groups, first the ones to keep longest
     */
    public List<WeightGroup> hostGroups() {
        return onDevice == null ? List.of() : onDevice.hostGroups();
    }

    /**
     * Tells whether a group is one of {@link #hostGroups}.
     *
     * @param group its index
     * @return true if passes copy it from host memory
     */
    public boolean isOnHost(int group) {
        return onHost[group];
    }

    /**
     * Returns how many pinned chunks of {@link #stagingBytes} reads land in on their way to the
     * device.
     *
     * @return chunks, 0 where kernels compute in host memory
     */
    public int stagingCount() {
        return onDevice == null ? 0 : onDevice.stagingCount();
    }

    /**
     * Returns the size of a pinned chunk: that of the largest request, {@link #MOST_REQUEST_BYTES}
     * rounded up to a block or less.
     *
     * @return bytes, 0 where kernels compute in host memory
     */
    public long stagingBytes() {
        return onDevice == null ? 0 : onDevice.stagingBytes();
    }

    /**
     * Tells whether the files are mapped, so that nothing is read into memory of ours.
     *
     * @return true if they are
     */
    public boolean isMapped() {
        return mapped;
    }

    /**
     * Tells whether a group stays, once it has been read, where it is used: in the memory that
     * kernels compute in; a gathered table in host memory.
     *
     * @param group its index
     * @return true if it does; false too for a gathered table whose bytes other groups hold, and
     *     for {@link #hostGroups}
     */
    public boolean isResident(int group) {
        return resident[group];
    }

    /**
     * Returns what the budget's rest keeps resident, STATIC groups excepted: STREAMED groups in the
     * memory that kernels compute in, GATHERED ones in host memory.
     *
     * @return groups, first the ones to keep longest
     */
    public List<WeightGroup> pinned() {
        return pinned;
    }

    /**
     * Returns the number of slots in the ring.
     *
     * @return slots, 0 if nothing streams
     */
    public int slotCount() {
        return choice.slotCount();
    }

    /**
     * Returns how many slots a ring gets that is made because memory was given up.
     *
     * @return slots, at least {@link Wholes#mostParts}
     */
    public int wantedSlotCount() {
        int asked = onDevice == null ? request.slotCount() : request.device().slotCount();
        return Wholes.slots(wholes.mostParts(), wholes.mostParts(), asked, slotBytes());
    }

    /**
     * Returns the size of a slot: that of the largest STREAMED group, resident or not, by its
     * {@link #layout}.
     *
     * @return bytes, 0 if files are mapped
     */
    public long slotBytes() {
        return choice.slotBytes();
    }

    /**
     * Returns how many rows a gather takes.
     *
     * @return rows
     */
    public int gatherRows() {
        return request.gatherRows();
    }

    /**
     * Returns what offsets and lengths of reads are multiples of.
     *
     * @return bytes, 1 if reads are not direct
     */
    public int blockBytes() {
        return request.blockBytes();
    }

    /**
     * Returns the host's budget that was planned for.
     *
     * @return bytes
     */
    public long hostMemoryBytes() {
        return request.hostMemoryBytes();
    }

    /**
     * Returns every byte that is charged to the host's budget, by name.
     *
     * @return terms, in the order in which they are decided
     */
    public List<Term> terms() {
        return choice.terms().list();
    }

    /**
     * Returns the sum of the terms.
     *
     * @return bytes, at most the budget
     */
    public long chargedBytes() {
        return choice.terms().sum();
    }

    /**
     * Returns the least host budget that the same request works with.
     *
     * @return bytes; one less is refused
     */
    public long leastBytes() {
        return choice.leastBytes();
    }

    /**
     * Returns the device's budget that was planned for.
     *
     * @return bytes, 0 where kernels compute in host memory
     */
    public long deviceMemoryBytes() {
        return onDevice == null ? 0 : request.device().deviceMemoryBytes();
    }

    /**
     * Returns every byte that is charged to the device's budget, by name.
     *
     * @return terms, in the order in which they are decided; none where kernels compute in host
     *     memory
     */
    public List<Term> deviceTerms() {
        return onDevice == null ? List.of() : onDevice.terms().list();
    }

    /**
     * Returns the sum of the device's terms.
     *
     * @return bytes, at most its budget
     */
    public long deviceChargedBytes() {
        return onDevice == null ? 0 : onDevice.terms().sum();
    }

    /**
     * Returns the least device budget that the same request works with, whatever the host's.
     *
     * @return bytes; one less is refused
     */
    public long deviceLeastBytes() {
        return onDevice == null ? 0 : onDevice.leastBytes();
    }

    /**
     * Returns the size of the weights that stay where they are used.
     *
     * @return bytes as stored
     */
    public long residentBytes() {
        return sizeBytes(group -> isResident(group.index()));
    }

    private long sizeBytes(Predicate<WeightGroup> which) {
        return groups().stream().filter(which).mapToLong(WeightGroup::sizeBytes).sum();
    }

    /**
     * Returns what a pass over all STREAMED groups reads from disk, once the resident ones are in
     * memory.
     *
     * @return bytes, whole blocks
     */
    public long streamedBytesPerPass() {
        return groups().stream()
                .filter(group -> group.access() == Access.STREAMED && !isResident(group.index()))
                .filter(group -> !isOnHost(group.index()))
                .mapToLong(group -> extents(group.index()).readBytes())
                .sum();
    }

    /**
     * Returns what a pass over all STREAMED groups copies to the device, once the resident ones are
     * there.
     *
     * @return bytes of tensors, 0 where kernels compute in host memory
     */
    public long copiedBytesPerPass() {
        return sizeBytes(
                group ->
                        hasDevice()
                                && group.access() == Access.STREAMED
                                && !isResident(group.index()));
    }

    /** What a pass copies to the device beside that: keys and values that host memory keeps. */
    long cacheBytesPerPass() {
        return onDevice == null ? 0 : request.device().cacheBytes();
    }

    /**
     * Returns what a pass over all STREAMED groups reads from the memory that kernels compute in.
     *
     * @return bytes
     */
    public long computedBytesPerPass() {
        return sizeBytes(
                group -> group.access() == Access.STREAMED || group.access() == Access.STATIC);
    }

    /**
     * Prints the plan with the time that a pass will take.
     *
     * @param bandwidths of this machine
     * @return a table of several lines
     */
    public String table(Bandwidths bandwidths) {
        return PlanTable.print(this, bandwidths);
    }

    /** Says in one line what stays and what streams. */
    @Override
    public String toString() {
        if (mapped) {
            return "all " + groups().size() + " groups mapped";
        }
        return MemorySize.format(residentBytes())
                + " resident, "
                + (onDevice == null ? "" : MemorySize.format(copiedBytesPerPass()) + " copied, ")
                + MemorySize.format(streamedBytesPerPass())
                + " streamed per pass through "
                + slotCount()
                + " slots of "
                + MemorySize.format(slotCount() == 0 ? 0 : slotBytes());
    }
}
