/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import io.offloadstream.device.Workspace;
import io.offloadstream.ops.ComputeType;
import io.offloadstream.ops.Phase;
import io.offloadstream.ops.ScratchSize;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.gpu.Gpu;
import java.util.ArrayList;
import java.util.Arrays;
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
    private final List<GpuLinear> products = new ArrayList<>();
    private long usedBytes = ScratchSize.FIXED_BYTES;
    private boolean closed;

    GpuWorkspace(
            Gpu gpu,
            DeviceStream stream,
            MemoryBudget host,
            MemoryBudget device,
            long rowBytes,
            long sizeBytes) {
        if (sizeBytes < ScratchSize.FIXED_BYTES) {
            throw new IllegalArgumentException(
                    "a workspace of "
                            + sizeBytes
                            + " bytes is too small; the least is "
                            + ScratchSize.FIXED_BYTES);
        }
        this.gpu = gpu;
        this.stream = stream;
        this.kernels = new KernelSet(gpu);
        this.memory = gpu.allocate(device, "workspace", sizeBytes);
        RowStaging ring = null;
        try {
            ring = new RowStaging(gpu, stream, host, rowBytes);
        } finally {
            if (ring == null) {
                memory.close();
            }
        }
        this.staging = ring;
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

    /** Opens matrix products, which live as long as this. */
    GpuLinear linear(Phase phase, ComputeType computeType, GemmLibrary library) {
        GpuLinear linear = new GpuLinear(gpu, stream, phase, computeType, library);
        products.add(linear);
        return linear;
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

    /** Returns how much is in use, {@link ScratchSize#FIXED_BYTES} included. */
    long usedBytes() {
        return usedBytes;
    }

    @Override
    public void reset() {
        usedBytes = ScratchSize.FIXED_BYTES;
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
            products.forEach(GpuLinear::close);
            kernels.close();
            staging.close();
            memory.close();
        }
    }
}
