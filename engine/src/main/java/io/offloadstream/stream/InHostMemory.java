/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.plan.SlotLayout;
import io.offloadstream.plan.WeightGroup;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import java.util.List;

/** Slots in host memory: pieces are read in place, and there is nothing to wait for. */
final class InHostMemory implements ComputeMemory {

    private final ResidencyPlan plan;
    private final MemoryBudget budget;

    InHostMemory(ResidencyPlan plan, MemoryBudget budget) {
        this.plan = plan;
        this.budget = budget;
    }

    /** How pieces get into any host memory. */
    static void readInPlace(Work work, PieceReads reads) {
        reads.read(work, work.slot().memory().address() + work.piece().slotOffset());
    }

    @Override
    public MemoryBudget budget() {
        return budget;
    }

    @Override
    public long chargedBytes(long sizeBytes) {
        return HostMemory.chargedBytes(sizeBytes);
    }

    @Override
    public SlotLayout layout(int group) {
        return plan.extents(group);
    }

    @Override
    public Slot newSlot(String purpose, long sizeBytes) {
        return new Slot(this, HostMemory.allocate(budget, purpose, sizeBytes), null);
    }

    @Override
    public PieceRoute route() {
        return InHostMemory::readInPlace;
    }

    @Override
    public AutoCloseable use(Slot slot, WeightGroup group) {
        return InHostMemory::endUse;
    }

    private static void endUse() {
        // who computes in host memory has ended
    }

    @Override
    public void beforePass(boolean afterFailure) {
        // a failed pass leaves nothing behind
    }

    @Override
    public void free(List<Slot> slots) {
        slots.forEach(Slot::close);
    }

    @Override
    public DeviceTimes times() {
        return DeviceTimes.NONE;
    }
}
