/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.cpu;

import io.offloadstream.device.ScratchRange;
import io.offloadstream.device.Workspace;
import io.offloadstream.ops.ScratchSize;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import java.nio.LongBuffer;

/**
 * Scratch memory of the CPU: one range of host memory. It starts with a small table of row
 * addresses ({@link ScratchSize#FIXED_BYTES}) that stays over resets.
 */
final class CpuWorkspace implements Workspace {

    private final HostMemory memory;
    private final LongBuffer rowAddresses;
    private final ScratchRange range;

    CpuWorkspace(MemoryBudget budget, long sizeBytes) {
        ScratchRange.requireSize(sizeBytes);
        memory = HostMemory.allocate(budget, "workspace", sizeBytes);
        range = new ScratchRange(memory);
        rowAddresses = memory.buffer(0, (int) ScratchSize.FIXED_BYTES).asLongBuffer();
    }

    @Override
    public Tensor allocate(DType type, long... shape) {
        return range.allocate(type, shape);
    }

    /** Returns the table of row addresses, {@link ScratchSize#ADDRESS_SLOTS} long. */
    LongBuffer rowAddresses() {
        return rowAddresses;
    }

    /** Returns where the table of row addresses is. */
    long rowAddressesAddress() {
        return memory.address();
    }

    /** Returns how much is in use, the table of row addresses included. */
    long usedBytes() {
        return range.usedBytes();
    }

    @Override
    public void reset() {
        range.reset();
    }

    @Override
    public void close() {
        memory.close();
    }
}
