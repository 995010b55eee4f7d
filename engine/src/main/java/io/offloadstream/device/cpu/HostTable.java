/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.cpu;

import io.offloadstream.device.SharedTable;
import io.offloadstream.platform.HostMemory;
import java.nio.ByteBuffer;

/** A table in host memory, which the CPU's kernels read as it is. */
final class HostTable implements SharedTable {

    private final HostMemory memory;

    HostTable(HostMemory memory) {
        this.memory = memory;
    }

    @Override
    public long address() {
        return memory.address();
    }

    @Override
    public ByteBuffer buffer(long offset, int length) {
        return memory.buffer(offset, length);
    }

    @Override
    public void publish(long offset, long length) {
        // written where it is read
    }

    @Override
    public void close() {
        memory.close();
    }
}
