/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.DeviceStorage;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.gpu.Gpu;
import io.offloadstream.platform.gpu.GpuGemm;
import io.offloadstream.platform.gpu.GpuInfo;
import io.offloadstream.platform.gpu.GpuKernel;
import java.util.concurrent.atomic.AtomicBoolean;

/** One use of a device that all users in this process share. */
final class CudaGpu implements Gpu {

    private final CudaDevice device;
    private final AtomicBoolean closed = new AtomicBoolean();

    /**
     * Begins a use.
     *
     * @param device one of whose users this is
     */
    CudaGpu(CudaDevice device) {
        this.device = device;
        device.addUser();
    }

    private CudaDevice device() {
        if (closed.get()) {
            throw new IllegalStateException(
                    "this use of cuda:" + device.context().info().ordinal() + " is closed");
        }
        return device;
    }

    @Override
    public GpuInfo info() {
        return device.context().info();
    }

    @Override
    public long contextBytes() {
        return device.contextBytes();
    }

    @Override
    public long freeBytes() {
        return device().heap().freeBytes();
    }

    @Override
    public DeviceBuffer allocate(MemoryBudget budget, String purpose, long sizeBytes) {
        return device().heap().allocate(budget, purpose, sizeBytes);
    }

    @Override
    public long chargedBytes(long sizeBytes) {
        return CudaHeap.chargedBytes(sizeBytes);
    }

    @Override
    public HostMemory allocateHost(MemoryBudget budget, String purpose, long sizeBytes) {
        return HostMemory.allocate(budget, purpose, sizeBytes, device().pinned());
    }

    @Override
    public DeviceStream newStream(String name) {
        return new CudaStream(device().context(), device.clock(), name);
    }

    @Override
    public GpuKernel kernel(String module, String name) {
        return device().modules().kernel(module, name);
    }

    @Override
    public boolean hasModule(String module) {
        return device().modules().has(module);
    }

    @Override
    public int processors() {
        return device.processors();
    }

    @Override
    public DeviceStorage openStorage() {
        // not use(): what is registered is given back on a lost context too
        return CuFileStorage.open(device().context()::makeCurrent);
    }

    @Override
    public GpuGemm gemm(MemoryBudget budget) {
        return new CublasGemm(device(), budget);
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            device.removeUser();
        }
    }
}
