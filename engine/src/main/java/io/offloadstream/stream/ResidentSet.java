/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.plan.WeightGroup;
import io.offloadstream.plan.WeightGroup.Access;
import io.offloadstream.platform.BudgetExceededException;
import io.offloadstream.platform.Owned;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * The groups that have memory of their own: where kernels compute, or, for gathered tables, in host
 * memory. It is taken when a pass first needs the group, and given back when somebody else needs
 * it: then the group streams, until the budget has had room for it again for a while.
 *
 * <p>Guarded by the pipeline's lock, except where a method says otherwise.
 */
final class ResidentSet {

    private static final String PURPOSE = "resident weights";

    /**
     * How many passes must begin after memory was given up before a group is pinned again. One
     * would let outputs that come and go with every pass evict a group each time.
     */
    static final int CALM_PASSES = 2;

    private final ResidencyPlan plan;
    private final ComputeMemory memory;
    private final InHostMemory host;
    private final Slot[] slots;
    private final boolean[] planned;
    private final boolean[] givenUp;
    private int calmPasses;
    private int reclaimedGroups;

    /**
     * Constructs an empty set.
     *
     * @param plan names the groups
     * @param memory where kernels compute
     * @param host the same, or where gathered tables are
     */
    ResidentSet(ResidencyPlan plan, ComputeMemory memory, InHostMemory host) {
        this.plan = plan;
        this.memory = memory;
        this.host = host;
        int count = plan.groups().size();
        slots = new Slot[count];
        planned = new boolean[count];
        givenUp = new boolean[count];
        for (WeightGroup group : plan.pinned()) {
            planned[group.index()] = true;
        }
    }

    /**
     * Takes memory for the STATIC and INDEX groups; all groups of mapped files are there already.
     */
    void open() {
        for (WeightGroup group : plan.groups()) {
            if (plan.isMapped()) {
                slots[group.index()] = Slot.mapped(host, group.index());
            } else if (group.access() == Access.STATIC) {
                long size = memory.layout(group.index()).slotBytes();
                slots[group.index()] = memory.newSlot("static weights", size);
            } else if (group.access() == Access.INDEX) {
                long size = host.layout(group.index()).slotBytes();
                slots[group.index()] = host.newSlot("index of tables", size);
            }
        }
    }

    /** The slot of a group, or null if it has no memory of its own. */
    Slot find(int group) {
        return slots[group];
    }

    /** Whether a group will get memory when a pass that needs it begins. */
    boolean isExpected(int group) {
        return planned[group] && !givenUp[group] && slots[group] == null;
    }

    int reclaimedGroups() {
        return reclaimedGroups;
    }

    /** Bytes of memory that pinned groups hold. */
    long pinnedBytes() {
        long bytes = 0;
        for (WeightGroup group : plan.pinned()) {
            Slot slot = slots[group.index()];
            bytes += slot == null ? 0 : slot.memory().sizeBytes();
        }
        return bytes;
    }

    /** Lets readers try again what failed in an earlier pass. */
    void forgetFailures() {
        for (Slot slot : slots) {
            if (slot != null && slot.state() == Slot.State.FAILED) {
                slot.drop();
            }
        }
    }

    /** Counts a pass, and lists the planned groups that it may take memory for. */
    List<WeightGroup> pinnable(int[] order) {
        calmPasses++;
        boolean[] wanted = new boolean[slots.length];
        Arrays.stream(order).forEach(group -> wanted[group] = true);
        List<WeightGroup> list = new ArrayList<>();
        for (WeightGroup group : plan.pinned()) {
            int index = group.index();
            boolean gathered = group.access() == Access.GATHERED;
            // a gathered table that was given up is read row by row, which costs next to nothing
            boolean mayReturn = calmPasses > CALM_PASSES && !gathered;
            if (slots[index] == null
                    && (wanted[index] || gathered)
                    && (!givenUp[index] || mayReturn)) {
                list.add(group);
            }
        }
        return list;
    }

    /**
     * Takes memory for a slot of the ring if the budget has room as it is. Called without the lock,
     * by the thread whose turn it is.
     *
     * @return a free slot, or null if there is no room
     */
    Slot ringSlotIfRoom() {
        return slotIfRoom(memory, "ring", plan.slotBytes());
    }

    /** Likewise, for a group. */
    Slot slotIfRoom(WeightGroup group) {
        ComputeMemory home = group.access() == Access.GATHERED ? host : memory;
        return slotIfRoom(home, PURPOSE, home.layout(group.index()).slotBytes());
    }

    private static Slot slotIfRoom(ComputeMemory home, String purpose, long sizeBytes) {
        if (home.budget().availableBytes() < home.chargedBytes(sizeBytes)) {
            return null;
        }
        try {
            return home.newSlot(purpose, sizeBytes);
        } catch (BudgetExceededException e) {
            // somebody was faster; the group streams instead
            return null;
        }
    }

    /**
     * Records that a group has memory, or has none because there was no room.
     *
     * @return whether it has
     */
    boolean pinned(WeightGroup group, Slot slot) {
        givenUp[group.index()] = slot == null;
        slots[group.index()] = slot;
        return slot != null;
    }

    /** Groups whose memory can be taken away now, the first to go first. */
    private List<Integer> evictable(ComputeMemory home) {
        List<Integer> list = new ArrayList<>();
        for (int i = plan.pinned().size() - 1; i >= 0; i--) {
            int group = plan.pinned().get(i).index();
            Slot slot = slots[group];
            if (slot != null
                    && slot.home() == home
                    && slot.state() != Slot.State.READING
                    && slot.state() != Slot.State.LEASED) {
                list.add(group);
            }
        }
        return list;
    }

    /**
     * Gives groups up so that at least this much is freed, or none if that cannot be.
     *
     * @param neededBytes how much
     * @param ring receives slots made of given-up memory if it has too few: a group that has no
     *     memory of its own streams, and needs slots
     * @return slots for the caller to free, without the lock
     */
    List<Slot> giveUp(long neededBytes, List<Slot> ring) {
        List<Integer> victims = evictable(memory);
        List<Integer> slotVictims = slotVictims(victims, ring);
        int missing = plan.wholes().mostParts() - ring.size();
        long keptBytes = 0;
        if (slotVictims.size() < missing) {
            if (missing == 1) {
                return List.of();
            }
            // the pass makes slots of several groups each when it comes to what is given up
            slotVictims = List.of();
            keptBytes = missing * memory.chargedBytes(plan.slotBytes());
        }
        List<Slot> freed = new ArrayList<>();
        List<Integer> chosen = new ArrayList<>();
        long bytes = 0;
        for (int group : victims) {
            if (bytes < neededBytes && !slotVictims.contains(group)) {
                bytes += chargedBytes(slots[group]);
                chosen.add(group);
            }
        }
        if (bytes < neededBytes || evictableBytes(memory) - bytes < keptBytes) {
            return List.of();
        }
        chosen.forEach(group -> freed.add(takeAway(group)));
        slotVictims.forEach(group -> ring.add(takeAway(group)));
        calmPasses = 0;
        return freed;
    }

    /** Makes slots of pinned memory if the ring has too few, of groups that are large enough. */
    void giveUpForRing(List<Slot> ring) {
        slotVictims(evictable(memory), ring).forEach(group -> ring.add(takeAway(group)));
    }

    /** Whether readers own the memory of a pinned group, which can be given up when they end. */
    boolean isReading(ComputeMemory home) {
        return plan.pinned().stream()
                .map(group -> slots[group.index()])
                .anyMatch(
                        slot ->
                                slot != null
                                        && slot.home() == home
                                        && slot.state() == Slot.State.READING);
    }

    /**
     * Makes one pinned group's memory a slot.
     *
     * @return whether there was one that can go and is large enough
     */
    boolean giveOneToRing(List<Slot> ring) {
        List<Integer> victims = slotVictims(evictable(memory));
        if (victims.isEmpty()) {
            return false;
        }
        ring.add(takeAway(victims.get(0)));
        return true;
    }

    /**
     * Gives groups up that nothing else must take the place of, or none if they do not suffice.
     *
     * @param home whose memory is wanted
     * @return slots for the caller to free, without the lock
     */
    List<Slot> giveUpForRoom(ComputeMemory home, long neededBytes) {
        List<Slot> freed = new ArrayList<>();
        if (evictableBytes(home) < neededBytes) {
            return freed;
        }
        long bytes = 0;
        for (int group : evictable(home)) {
            if (bytes < neededBytes) {
                bytes += chargedBytes(slots[group]);
                freed.add(takeAway(group));
            }
        }
        return freed;
    }

    /** Bytes of the budget that groups can give up now. */
    long evictableBytes(ComputeMemory home) {
        return evictable(home).stream().mapToLong(group -> chargedBytes(slots[group])).sum();
    }

    private static long chargedBytes(Slot slot) {
        return slot.home().chargedBytes(slot.memory().sizeBytes());
    }

    /** Those whose memory the ring needs; none if it has what is leased together. */
    private List<Integer> slotVictims(List<Integer> victims, List<Slot> ring) {
        int missing = plan.wantedSlotCount() - ring.size();
        return ring.size() >= plan.wholes().mostParts()
                ? List.of()
                : slotVictims(victims).stream().limit(missing).toList();
    }

    /** Those whose memory is large enough to be a slot. */
    private List<Integer> slotVictims(List<Integer> victims) {
        return victims.stream()
                .filter(group -> slots[group].memory().sizeBytes() >= plan.slotBytes())
                .toList();
    }

    private Slot takeAway(int group) {
        Slot slot = slots[group];
        slot.drop();
        slots[group] = null;
        givenUp[group] = true;
        reclaimedGroups++;
        return slot;
    }

    /** Frees all memory. Called when nobody uses it any more. */
    void close() {
        List<Slot> held = Arrays.stream(slots).filter(Objects::nonNull).toList();
        Arrays.fill(slots, null);
        Owned.closeAll(held);
    }
}
