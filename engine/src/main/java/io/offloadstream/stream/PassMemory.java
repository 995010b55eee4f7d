/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.plan.WeightGroup;
import io.offloadstream.platform.Interrupts;
import io.offloadstream.platform.MemoryBudget;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes memory for the groups of a pass when it begins, and gives it up when somebody else needs
 * it: registered with the budget of the memory that kernels compute in. A stream of mapped files
 * has none to take or give.
 */
final class PassMemory implements MemoryBudget.Reclaimer {

    private static final Logger LOG = LoggerFactory.getLogger(PassMemory.class);

    private final ResidencyPlan plan;
    private final ComputeMemory memory;
    private final Pipeline pipeline;
    private final ResidentSet residents;
    private final HostGroups hostGroups;

    /** The thread that takes memory for groups: it must not make others give theirs up for it. */
    private volatile Thread taking;

    PassMemory(ResidencyPlan plan, StreamMemory memory, Pipeline pipeline, ResidentSet residents) {
        this.hostGroups = memory.hostGroups();
        this.plan = plan;
        this.memory = memory.compute();
        this.pipeline = pipeline;
        this.residents = residents;
    }

    /**
     * Takes memory for the planned groups of a pass, and for a ring if one is needed.
     *
     * @param slots that the ring should have if it has any; 0 for those that it has
     */
    void take(int[] order, int slots) {
        if (plan.isMapped()) {
            return;
        }
        taking = Thread.currentThread();
        try {
            hostGroups.take(order);
            resizeRing(slots);
            for (WeightGroup group : locked(() -> residents.pinnable(order))) {
                Slot slot = residents.slotIfRoom(group);
                locked(() -> residents.pinned(group, slot));
            }
            if (locked(() -> pipeline.needsRing(order))) {
                takeRing(order, () -> {});
            }
        } finally {
            taking = null;
        }
    }

    /** A slot more is a pinned group less, and the other way round. */
    private void resizeRing(int slots) {
        while (slots > 0 && locked(() -> pipeline.ring().size()) > slots) {
            Slot slot = locked(pipeline::removeSlot);
            if (slot == null) {
                return;
            }
            memory.free(List.of(slot));
        }
        boolean grows = true;
        while (grows && locked(() -> pipeline.ring().size()) < slots) {
            grows = locked(() -> residents.giveOneToRing(pipeline.ring())) || addSlotForSeveral();
        }
    }

    /** Makes a slot of the memory of groups that are each too small to be one. */
    private boolean addSlotForSeveral() {
        List<Slot> freed = locked(() -> residents.giveUpForRoom(memory, slotChargedBytes()));
        memory.free(freed);
        return !freed.isEmpty() && addSlotIfRoom();
    }

    /**
     * Makes a ring in the middle of a pass, if what is leased next needs one.
     *
     * @param requireUsable throws if the pass must not go on; called with the lock
     */
    void takeRing(Runnable requireUsable) {
        taking = Thread.currentThread();
        try {
            int[] parts = locked(() -> plan.wholes().parts(pipeline.computingGroup()));
            if (locked(() -> pipeline.needsRing(parts))) {
                takeRing(parts, requireUsable);
            }
        } finally {
            taking = null;
            locked(
                    () -> {
                        pipeline.signalAll();
                        return null;
                    });
        }
    }

    /** Makes the ring that the plan did without: of free memory, or of pinned groups'. */
    private void takeRing(int[] order, Runnable requireUsable) {
        boolean fits = true;
        while (fits && locked(() -> pipeline.ring().size()) < plan.wantedSlotCount()) {
            fits = addSlotIfRoom();
        }
        boolean mayGrow = true;
        while (mayGrow && locked(() -> needsRingStill(order))) {
            mayGrow = makeRoom(requireUsable);
            addSlotIfRoom();
        }
        while (locked(() -> pipeline.needsRing(order))) {
            // nothing is left that can go: this throws what names the numbers
            Slot slot = memory.newSlot("ring", plan.slotBytes());
            locked(() -> pipeline.ring().add(slot));
        }
        int slots = locked(() -> pipeline.ring().size());
        if (slots < plan.wantedSlotCount()) {
            LOG.warn(
                    "outputs and caches leave room for {} instead of {} slots: less is read ahead;"
                            + " raise {}",
                    slots,
                    plan.wantedSlotCount(),
                    plan.hasDevice() ? "deviceMemory" : "hostMemory");
        }
    }

    private boolean addSlotIfRoom() {
        Slot slot = residents.ringSlotIfRoom();
        return slot != null && locked(() -> pipeline.ring().add(slot));
    }

    /** Whether slots are missing, after pinned groups have become slots as they are. */
    private boolean needsRingStill(int[] order) {
        residents.giveUpForRing(pipeline.ring());
        return pipeline.needsRing(order);
    }

    /**
     * Makes room for a slot: of groups that are each too small to be one. If those that can go do
     * not suffice, waits until one more has been read. Another thread may take the room first.
     *
     * @return false if there is no room and none can be made
     */
    private boolean makeRoom(Runnable requireUsable) {
        List<Slot> freed = new ArrayList<>();
        boolean mayHelp = locked(() -> awaitRoom(freed, requireUsable));
        memory.free(freed);
        return mayHelp;
    }

    /** Gives up what makes room as soon as readers have ended; false if that cannot be. */
    private boolean awaitRoom(List<Slot> freed, Runnable requireUsable) {
        try {
            while (true) {
                long missing = slotChargedBytes() - memory.budget().availableBytes();
                freed.addAll(residents.giveUpForRoom(memory, missing));
                if (missing <= 0 || !freed.isEmpty()) {
                    return true;
                }
                if (!residents.isReading(memory)) {
                    return false;
                }
                requireUsable.run();
                pipeline.changed().await();
            }
        } catch (InterruptedException e) {
            Interrupts.restore();
            throw new PassCancelledException(
                    "the pass was cancelled: its thread was interrupted while it waited for memory"
                            + " of the ring");
        }
    }

    /** Whether a pass can have a ring: there is one, or memory for it is free or can be made so. */
    boolean hasRoomForRing() {
        return plan.isMapped() || locked(this::hasRoomForMissingSlots);
    }

    private boolean hasRoomForMissingSlots() {
        int missing = plan.wholes().mostParts() - pipeline.ring().size();
        long roomBytes = memory.budget().availableBytes() + residents.evictableBytes(memory);
        return missing <= 0 || roomBytes >= missing * slotChargedBytes();
    }

    private long slotChargedBytes() {
        return memory.chargedBytes(plan.slotBytes());
    }

    @Override
    public void reclaim(long neededBytes) {
        if (plan.isMapped() || isTaking()) {
            return;
        }
        List<Slot> freed =
                locked(
                        () -> {
                            List<Slot> slots = residents.giveUp(neededBytes, pipeline.ring());
                            pipeline.signalAll();
                            return slots;
                        });
        memory.free(freed);
    }

    /**
     * Whether the calling thread takes memory for groups, which is not worth giving some up for.
     */
    boolean isTaking() {
        return taking == Thread.currentThread();
    }

    private <T> T locked(Supplier<T> action) {
        pipeline.lock.lock();
        try {
            return action.get();
        } finally {
            pipeline.lock.unlock();
        }
    }
}
