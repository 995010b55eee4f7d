/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import io.offloadstream.device.SharedTable;
import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.Owned;
import io.offloadstream.platform.gpu.Gpu;
import java.nio.ByteBuffer;

/** A table in pinned memory, which the host writes, and its copy on the device. */
final class GpuTable implements SharedTable {

    private final HostMemory written;
    private final DeviceBuffer read;
    private final DeviceStream stream;

    /**
     * Allocates both.
     *
     * @param stream that kernels which read the table run in
     */
    GpuTable(
            Gpu gpu,
            DeviceStream stream,
            MemoryBudget host,
            MemoryBudget device,
            String purpose,
            long sizeBytes) {
        this.stream = stream;
        this.written = gpu.allocateHost(host, purpose, sizeBytes);
        DeviceBuffer copy = null;
        try {
            copy = gpu.allocate(device, purpose, sizeBytes);
        } finally {
            if (copy == null) {
                written.close();
            }
        }
        this.read = copy;
    }

    @Override
    public long address() {
        return read.address();
    }

    @Override
    public ByteBuffer buffer(long offset, int length) {
        return written.buffer(offset, length);
    }

    @Override
    public void publish(long offset, long length) {
        if (offset < 0 || length < 0 || offset > written.sizeBytes() - length) {
            throw new IndexOutOfBoundsException(
                    "[" + offset + ", +" + length + ") of " + written.sizeBytes() + " bytes");
        }
        if (length > 0) {
            stream.upload(written.address() + offset, read.address() + offset, length);
        }
    }

    @Override
    public void close() {
        Owned.closeAll(written, read);
    }
}
