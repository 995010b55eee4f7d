/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import io.offloadstream.device.ScratchRange;
import io.offloadstream.device.Workspace;
import io.offloadstream.ops.ComputeType;
import io.offloadstream.ops.Phase;
import io.offloadstream.ops.ScratchSize;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.Owned;
import io.offloadstream.platform.gpu.Gpu;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Scratch memory of the device, pinned memory for rows on their way to it, and the kernels of the
 * operators that compute in it.
 */
final class GpuWorkspace implements Workspace {

    private static final Logger LOGGER = LoggerFactory.getLogger(GpuWorkspace.class);

    private final Gpu gpu;
    private final DeviceStream stream;
    private final KernelSet kernels;
    private final RowStaging staging;
    private final DeviceBuffer memory;
    private final HostMemory attentionMemory;
    private final List<GpuLinear> products = new ArrayList<>();
    private final ScratchRange range;
    private boolean closed;

    GpuWorkspace(
            Gpu gpu,
            DeviceStream stream,
            MemoryBudget host,
            MemoryBudget device,
            long rowBytes,
            long sizeBytes,
            long attentionBytes) {
        ScratchRange.requireSize(sizeBytes);
        this.gpu = gpu;
        this.stream = stream;
        this.kernels = new KernelSet(gpu);
        this.memory = gpu.allocate(device, "workspace", sizeBytes);
        this.range = new ScratchRange(memory);
        RowStaging ring = null;
        HostMemory pinned = null;
        boolean open = false;
        try {
            ring = new RowStaging(gpu, stream, host, rowBytes);
            pinned =
                    attentionBytes > 0
                            ? gpu.allocateHost(host, "attention rows", attentionBytes)
                            : null;
            open = true;
        } finally {
            if (!open) {
                if (ring != null) {
                    ring.close();
                }
                memory.close();
            }
        }
        this.staging = ring;
        this.attentionMemory = pinned;
    }

    boolean belongsTo(Gpu other) {
        return gpu == other;
    }

    KernelSet kernels() {
        return kernels;
    }

    RowStaging staging() {
        return staging;
    }

    /** Pinned memory for queries and results of the host's attention, or null. */
    HostMemory attentionMemory() {
        return attentionMemory;
    }

    /** Opens matrix products, which live as long as this. */
    GpuLinear linear(Phase phase, ComputeType computeType, GemmLibrary library) {
        GpuLinear linear = new GpuLinear(gpu, stream, phase, computeType, library);
        products.add(linear);
        return linear;
    }

    @Override
    public Tensor allocate(DType type, long... shape) {
        return range.allocate(type, shape);
    }

    /** Returns how much is in use, {@link ScratchSize#FIXED_BYTES} included. */
    long usedBytes() {
        return range.usedBytes();
    }

    @Override
    public void reset() {
        range.reset();
    }

    /** Waits for what still runs in it, then frees it. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            stream.synchronize();
        } catch (DeviceException e) {
            // whoever waited for the results has been told; what is held must go back all the same
            LOGGER.debug("the device failed before its workspace was freed", e);
        } finally {
            Owned.closeAll(
                    () -> Owned.closeAll(products), kernels, staging, attentionMemory, memory);
        }
    }
}
