/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.opencl;

import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.gpu.Gpu;
import io.offloadstream.platform.gpu.GpuInfo;
import io.offloadstream.platform.gpu.GpuKernel;
import java.util.concurrent.atomic.AtomicBoolean;

/** One user's hold on an OpenCL device. */
final class OpenClGpu implements Gpu {

    /** OpenCL does not tell what an object takes; drivers hand out pages. */
    private static final long PAGE_BYTES = 4096;

    final ClContext context;

    private final AtomicBoolean closed = new AtomicBoolean();

    /** Takes over one use of the context. */
    OpenClGpu(ClContext context) {
        this.context = context;
    }

    static long roundUp(long sizeBytes) {
        if (sizeBytes <= 0) {
            throw new IllegalArgumentException("device memory needs at least 1 byte: " + sizeBytes);
        }
        // Saturates: no device has that much, and the refusal says so
        return sizeBytes > Long.MAX_VALUE - PAGE_BYTES
                ? Long.MAX_VALUE
                : (sizeBytes + PAGE_BYTES - 1) & -PAGE_BYTES;
    }

    @Override
    public GpuInfo info() {
        return context.device.info();
    }

    /**
     * {@inheritDoc}
     *
     * <p>Measured where the driver tells what is free (AMD's), else 0: OpenCL has no way to ask.
     * Code and queues of PoCL live in the memory of the process, beside what the budgets count.
     */
    @Override
    public long contextBytes() {
        return context.contextBytes();
    }

    @Override
    public long freeBytes() {
        return context.freeBytes();
    }

    @Override
    public DeviceBuffer allocate(MemoryBudget budget, String purpose, long sizeBytes) {
        checkOpen();
        return ClBuffer.allocate(context, budget, purpose, sizeBytes);
    }

    @Override
    public long chargedBytes(long sizeBytes) {
        return roundUp(sizeBytes);
    }

    @Override
    public HostMemory allocateHost(MemoryBudget budget, String purpose, long sizeBytes) {
        checkOpen();
        return HostMemory.allocate(budget, purpose, sizeBytes, context.pinned);
    }

    @Override
    public DeviceStream newStream(String name) {
        checkOpen();
        return new ClStream(context, name);
    }

    @Override
    public GpuKernel kernel(String module, String name) {
        checkOpen();
        return context.programs().kernel(context, module, name);
    }

    @Override
    public boolean hasModule(String module) {
        return context.programs().has(module);
    }

    @Override
    public int processors() {
        return context.device.processors();
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            context.release();
        }
    }

    private void checkOpen() {
        if (closed.get()) {
            throw new IllegalStateException(info().name() + " is closed");
        }
    }
}
