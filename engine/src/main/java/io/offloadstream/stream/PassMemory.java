/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.plan.WeightGroup;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import java.util.List;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes memory for the groups of a pass when it begins, and gives it up when somebody else needs
 * it. A stream of mapped files has none to take or give.
 */
final class PassMemory implements MemoryBudget.Reclaimer {

    private static final Logger LOG = LoggerFactory.getLogger(PassMemory.class);

    private final ResidencyPlan plan;
    private final MemoryBudget budget;
    private final Pipeline pipeline;
    private final ResidentSet residents;

    /** The thread that takes memory for groups: it must not make others give theirs up for it. */
    private volatile Thread taking;

    PassMemory(ResidencyPlan plan, MemoryBudget budget, Pipeline pipeline, ResidentSet residents) {
        this.plan = plan;
        this.budget = budget;
        this.pipeline = pipeline;
        this.residents = residents;
    }

    /** Takes memory for the planned groups of a pass, and for a ring if one is needed. */
    void take(int[] order) {
        if (plan.isMapped()) {
            return;
        }
        taking = Thread.currentThread();
        try {
            for (WeightGroup group : locked(() -> residents.pinnable(order))) {
                HostMemory memory = residents.allocateIfRoom(group);
                locked(() -> residents.pinned(group, memory));
            }
            if (locked(() -> pipeline.needsRing(order))) {
                takeRing(order);
            }
        } finally {
            taking = null;
        }
    }

    /** Makes the ring that the plan did without: of free memory, or of pinned groups'. */
    private void takeRing(int[] order) {
        for (int i = 0; i < plan.wantedSlotCount(); i++) {
            HostMemory memory = residents.allocateIfRoom(plan.slotBytes(), "ring");
            if (memory == null) {
                break;
            }
            locked(() -> pipeline.ring().add(new Slot(memory)));
        }
        locked(() -> residents.giveUpForRing(pipeline.ring()));
        if (locked(() -> pipeline.needsRing(order))) {
            long missing = HostMemory.chargedBytes(plan.slotBytes()) - budget.availableBytes();
            // groups that are each too small to be a slot make room for one together
            locked(() -> residents.giveUpForRoom(missing)).forEach(HostMemory::close);
            // where they do not suffice, this throws what names the numbers
            HostMemory memory = HostMemory.allocate(budget, "ring", plan.slotBytes());
            locked(() -> pipeline.ring().add(new Slot(memory)));
        }
        int slots = locked(() -> pipeline.ring().size());
        if (slots < plan.wantedSlotCount()) {
            LOG.warn(
                    "outputs and caches leave room for {} instead of {} slots: less is read ahead;"
                            + " raise hostMemory",
                    slots,
                    plan.wantedSlotCount());
        }
    }

    /** Whether a pass can have a ring: there is one, or memory for it is free or can be made so. */
    boolean hasRoomForRing() {
        return plan.isMapped() || locked(() -> !pipeline.ring().isEmpty() || hasRoomForSlot());
    }

    private boolean hasRoomForSlot() {
        long roomBytes = budget.availableBytes() + residents.evictableBytes();
        return roomBytes >= HostMemory.chargedBytes(plan.slotBytes());
    }

    @Override
    public void reclaim(long neededBytes) {
        if (plan.isMapped() || taking == Thread.currentThread()) {
            return;
        }
        List<HostMemory> freed =
                locked(
                        () -> {
                            pipeline.signalAll();
                            return residents.giveUp(neededBytes, pipeline.ring());
                        });
        freed.forEach(HostMemory::close);
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
