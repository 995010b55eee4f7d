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

/**
 * For each group, whether it stays in memory or streams from disk; the ring of slots; and every
 * byte of the budget by name. Printable as a table. Immutable.
 */
public final class ResidencyPlan {

    private final PlanRequest request;
    private final List<GroupExtents> extents;
    private final List<Term> terms;
    private final long leastBytes;
    private final boolean mapped;
    private final List<WeightGroup> pinned;
    private final boolean[] resident;
    private final int slotCount;
    private final long slotBytes;

    private ResidencyPlan(
            PlanRequest request,
            List<GroupExtents> extents,
            List<Term> terms,
            long leastBytes,
            boolean mapped,
            List<WeightGroup> pinned,
            int slotCount,
            long slotBytes) {
        this.request = request;
        this.extents = List.copyOf(extents);
        this.terms = List.copyOf(terms);
        this.leastBytes = leastBytes;
        this.mapped = mapped;
        this.pinned = List.copyOf(pinned);
        this.slotCount = slotCount;
        this.slotBytes = slotBytes;
        this.resident = new boolean[request.groups().size()];
        for (WeightGroup group : request.groups()) {
            resident[group.index()] = mapped || group.access() == Access.STATIC;
        }
        for (WeightGroup group : pinned) {
            resident[group.index()] = true;
        }
    }

    static ResidencyPlan mapped(
            PlanRequest request, List<GroupExtents> extents, List<Term> terms, long leastBytes) {
        return new ResidencyPlan(request, extents, terms, leastBytes, true, List.of(), 0, 0);
    }

    static ResidencyPlan streamed(
            PlanRequest request,
            List<GroupExtents> extents,
            List<Term> terms,
            long leastBytes,
            List<WeightGroup> pinned,
            boolean withRing,
            long slotBytes) {
        int slots = withRing ? request.slotCount() : 0;
        return new ResidencyPlan(
                request, extents, terms, leastBytes, false, pinned, slots, slotBytes);
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
        return extents.get(group);
    }

    /**
     * Returns the STREAMED groups that are kept in host memory and copied to the device in each
     * pass. Where kernels compute in host memory there are none: such groups are {@link #pinned}.
     *
     * @return groups, first the ones to keep longest
     */
    public List<WeightGroup> hostGroups() {
        return List.of();
    }

    /**
     * Returns how many pinned chunks of {@link #stagingBytes} reads land in on their way to the
     * device.
     *
     * @return chunks, 0 where kernels compute in host memory
     */
    public int stagingCount() {
        return 0;
    }

    /**
     * Returns the size of a pinned chunk: that of the largest request.
     *
     * @return bytes
     */
    public long stagingBytes() {
        return 0;
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
     * Tells whether a group stays in memory once it has been read.
     *
     * @param group its index
     * @return true if it does; false too for a gathered table whose bytes other groups hold
     */
    public boolean isResident(int group) {
        return resident[group];
    }

    /**
     * Returns what the budget's rest keeps resident, STATIC groups excepted.
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
        return slotCount;
    }

    /**
     * Returns how many slots the ring has when something must stream after all, because memory was
     * given up.
     *
     * @return slots, at least 1
     */
    public int wantedSlotCount() {
        return request.slotCount();
    }

    /**
     * Returns the size of a slot: that of the largest STREAMED group, resident or not.
     *
     * @return bytes, 0 if files are mapped
     */
    public long slotBytes() {
        return slotBytes;
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
     * Returns the budget that was planned for.
     *
     * @return bytes
     */
    public long hostMemoryBytes() {
        return request.hostMemoryBytes();
    }

    /**
     * Returns every byte that is charged, by name.
     *
     * @return terms, in the order in which they are decided
     */
    public List<Term> terms() {
        return terms;
    }

    /**
     * Returns the sum of the terms.
     *
     * @return bytes, at most the budget
     */
    public long chargedBytes() {
        return terms.stream().mapToLong(Term::bytes).sum();
    }

    /**
     * Returns the least budget that the same request works with.
     *
     * @return bytes; one less is refused
     */
    public long leastBytes() {
        return leastBytes;
    }

    /**
     * Returns the size of the weights that stay in memory.
     *
     * @return bytes as stored
     */
    public long residentBytes() {
        return groups().stream()
                .filter(group -> isResident(group.index()))
                .mapToLong(WeightGroup::sizeBytes)
                .sum();
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
                .mapToLong(group -> extents(group.index()).readBytes())
                .sum();
    }

    /**
     * Returns what a pass over all STREAMED groups reads from memory.
     *
     * @return bytes
     */
    public long computedBytesPerPass() {
        return groups().stream()
                .filter(group -> group.access() != Access.GATHERED)
                .mapToLong(WeightGroup::sizeBytes)
                .sum();
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
                + MemorySize.format(streamedBytesPerPass())
                + " streamed per pass through "
                + slotCount
                + " slots of "
                + MemorySize.format(slotCount == 0 ? 0 : slotBytes);
    }
}
