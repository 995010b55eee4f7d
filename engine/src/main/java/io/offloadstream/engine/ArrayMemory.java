/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The bytes of an array, shared by the arrays that show them in another shape, freed with the last
 * of these.
 */
final class ArrayMemory {

    private final MemoryBudget budget;
    private final HostMemory memory;
    private final ByteBuffer bytes;
    private int holders = 1;

    private ArrayMemory(MemoryBudget budget, HostMemory memory, ByteBuffer bytes) {
        this.budget = budget;
        this.memory = memory;
        this.bytes = bytes;
    }

    /**
     * Allocates zeroed bytes.
     *
     * @param budget what they are charged to
     * @param sizeBytes how many; none need no memory
     * @return the bytes, with one holder
     */
    static ArrayMemory allocate(MemoryBudget budget, int sizeBytes) {
        if (sizeBytes == 0) {
            ByteBuffer none = ByteBuffer.allocate(0).order(ByteOrder.nativeOrder());
            return new ArrayMemory(budget, null, none);
        }
        HostMemory memory = HostMemory.allocate(budget, "NDArray", sizeBytes);
        return new ArrayMemory(budget, memory, memory.buffer(0, sizeBytes));
    }

    MemoryBudget budget() {
        return budget;
    }

    ByteBuffer bytes() {
        return bytes;
    }

    long address() {
        return memory == null ? 0 : memory.address();
    }

    synchronized ArrayMemory share() {
        if (holders == 0) {
            throw new IllegalStateException("the memory of this NDArray has been freed");
        }
        holders++;
        return this;
    }

    synchronized void release() {
        holders--;
        if (holders == 0 && memory != null) {
            memory.close();
        }
    }
}
