/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.cpu;

import io.offloadstream.device.Workspace;
import io.offloadstream.ops.ScratchSize;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import java.nio.LongBuffer;
import java.util.Arrays;

/**
 * Scratch memory of the CPU: one range of host memory. It starts with a small table of row
 * addresses ({@link ScratchSize#FIXED_BYTES}) that stays over resets.
 */
final class CpuWorkspace implements Workspace {

    private final HostMemory memory;
    private final LongBuffer rowAddresses;
    private long usedBytes = ScratchSize.FIXED_BYTES;

    CpuWorkspace(MemoryBudget budget, long sizeBytes) {
        if (sizeBytes < ScratchSize.FIXED_BYTES) {
            throw new IllegalArgumentException(
                    "a workspace of "
                            + sizeBytes
                            + " bytes is too small; the least is "
                            + ScratchSize.FIXED_BYTES);
        }
        memory = HostMemory.allocate(budget, "workspace", sizeBytes);
        rowAddresses = memory.buffer(0, (int) ScratchSize.FIXED_BYTES).asLongBuffer();
    }

    @Override
    public Tensor allocate(DType type, long... shape) {
        long needed = ScratchSize.of(type, shape);
        if (needed > memory.sizeBytes() - usedBytes) {
            throw new IllegalStateException(
                    "workspace: "
                            + type
                            + Arrays.toString(shape)
                            + " needs "
                            + needed
                            + " bytes, "
                            + (memory.sizeBytes() - usedBytes)
                            + " left of "
                            + memory.sizeBytes()
                            + "; it was measured too small");
        }
        Tensor tensor = new Tensor(type, memory.address() + usedBytes, shape);
        usedBytes += needed;
        return tensor;
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
        return usedBytes;
    }

    @Override
    public void reset() {
        usedBytes = ScratchSize.FIXED_BYTES;
    }

    @Override
    public void close() {
        memory.close();
    }
}
