/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.plan.SlotLayout;
import io.offloadstream.plan.WeightGroup;
import io.offloadstream.platform.MemoryBudget;
import java.util.List;

/**
 * Memory that slots are made of: who pays for it, how pieces get into it, and how copies and
 * computation wait for each other there. Host memory, or a device's.
 */
interface ComputeMemory {

    /** What slots are charged to. */
    MemoryBudget budget();

    /** What a slot of this size is charged. */
    long chargedBytes(long sizeBytes);

    /** Where a group's tensors lie in a slot. */
    SlotLayout layout(int group);

    /**
     * Allocates a slot.
     *
     * @param purpose for messages
     * @param sizeBytes its size
     * @return a free slot; {@link #free} ends it
     * @throws io.offloadstream.platform.BudgetExceededException if the budget does not hold it
     */
    Slot newSlot(String purpose, long sizeBytes);

    /** How pieces get into slots. */
    PieceRoute route();

    /**
     * Lets the computation use what is in a slot. Called without the pipeline's lock, by the thread
     * of the pass.
     *
     * @return what to call when the computation has enqueued all that uses the slot, once
     * @throws io.offloadstream.platform.DeviceException if the device has failed
     */
    AutoCloseable use(Slot slot, WeightGroup group);

    /**
     * Prepares for a pass, by the thread whose turn it is.
     *
     * @param afterFailure whether the pass before did not run to its end
     */
    void beforePass(boolean afterFailure);

    /** Frees slots that nobody leases or reads into, after waiting for what still uses them. */
    void free(List<Slot> slots);

    /** What the device has done so far. */
    DeviceTimes times();
}
