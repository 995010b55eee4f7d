/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import io.offloadstream.ops.ComputeType;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.Owned;
import io.offloadstream.platform.gpu.Gpu;
import io.offloadstream.platform.gpu.GpuGemm;

/**
 * The vendor's library of products and the memory in which factors are brought to one type: the
 * weights to float32, or the activations to the compute type where the weights have it. All
 * products go to one stream, which is what keeps them from overwriting that memory. Thread-safe.
 */
final class GemmLibrary implements AutoCloseable {

    /** Holds a thousand rows of the widest models; larger weights are taken in pieces. */
    private static final long SCRATCH_BYTES = 64L << 20;

    private final MemoryBudget memory = MemoryBudget.unlimited("cuBLAS");
    private final DeviceStream stream;
    private final DType rounded;
    private final GpuGemm gemm;
    private final DeviceBuffer scratch;

    /**
     * Opens the library.
     *
     * @param gpu its device
     * @param stream what all products are enqueued on
     * @param computeType what activations are rounded to where the weight has this type
     * @throws io.offloadstream.platform.DeviceException if the device has none
     */
    GemmLibrary(Gpu gpu, DeviceStream stream, ComputeType computeType) {
        this.stream = stream;
        this.rounded = computeType.rounded();
        gemm = gpu.gemm(memory);
        DeviceBuffer allocated = null;
        try {
            allocated = gpu.allocate(memory, "cuBLAS operands", SCRATCH_BYTES);
        } finally {
            if (allocated == null) {
                gemm.close();
            }
        }
        scratch = allocated;
    }

    /** Returns what it takes of the device, which the plan counts. */
    long sizeBytes() {
        return memory.usedBytes();
    }

    /** Tells whether it multiplies by a weight. */
    boolean takes(Tensor weight) {
        return switch (weight.type()) {
            case F32 -> true;
            case F16, BF16 -> (long) Float.BYTES * weight.columns() <= SCRATCH_BYTES;
            default -> false;
        };
    }

    /**
     * Enqueues y = x weight^T.
     *
     * @param x (rows, in) F32
     * @param weight (out, in) of a type that it takes
     * @param y address of (rows, out) F32
     */
    synchronized void multiply(Tensor x, Tensor weight, long y) {
        int rows = x.rows();
        int in = x.columns();
        int out = weight.rows();
        DType type = weight.type();
        if (type == DType.F32) {
            gemm.multiply(stream, x.address(), weight.address(), type, rows, in, out, y, out);
        } else if (type == rounded) {
            gemm.multiplyNarrowed(
                    stream,
                    x.address(),
                    weight.address(),
                    type,
                    rows,
                    in,
                    out,
                    y,
                    out,
                    scratch.address(),
                    SCRATCH_BYTES);
        } else {
            gemm.multiplyWidened(
                    stream,
                    x.address(),
                    weight.address(),
                    type,
                    rows,
                    in,
                    out,
                    y,
                    out,
                    scratch.address(),
                    SCRATCH_BYTES);
        }
    }

    /** Frees it; its stream is idle. */
    @Override
    public void close() {
        Owned.closeAll(scratch, gemm, memory);
    }
}
