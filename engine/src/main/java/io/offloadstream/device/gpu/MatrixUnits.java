/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import io.offloadstream.ops.ComputeType;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.gpu.Gpu;
import io.offloadstream.platform.gpu.GpuKernel;

/**
 * The products of many rows that a card's matrix units make: where a weight is stored in the
 * compute type, activations are rounded to it; where it is BF16 and the compute type is another,
 * activations are split into three bfloat16 terms, which loses nothing. Losslessly packed weights
 * give the bits of BF16. Other weights are left to the kernels that every device has.
 */
final class MatrixUnits {

    private static final String MODULE = "prefill_cuda";
    private static final String PACKED_MODULE = "prefill_packed_cuda";
    private static final int FEW_ROWS = 64;
    private static final int MANY_ROWS = 128;
    private static final int TILE_OUTPUTS = 128;

    /** Weights and activations come in vectors of 8 of a row. */
    private static final int VECTOR = 8;

    private final ProductKernels kernels;

    /**
     * The type of weights whose type activations are rounded to, or null if they are not rounded.
     */
    private final DType rounded;

    private final GpuKernel fewRounded;
    private final GpuKernel manyRounded;
    private final GpuKernel fewSplit;
    private final GpuKernel manySplit;

    /** Null before the first packed weight: most models have none. */
    private GpuKernel fewPacked;

    private GpuKernel manyPacked;

    private MatrixUnits(ProductKernels kernels, ComputeType computeType) {
        this.kernels = kernels;
        rounded = computeType.rounded();
        String name = rounded == DType.F16 ? "linear_f16_" : "linear_bf16_";
        fewRounded = kernels.find(MODULE, name + FEW_ROWS);
        manyRounded = kernels.find(MODULE, name + MANY_ROWS);
        fewSplit = kernels.find(MODULE, "linear_bf16x3_" + FEW_ROWS);
        manySplit = kernels.find(MODULE, "linear_bf16x3_" + MANY_ROWS);
    }

    /**
     * Finds the kernels.
     *
     * @return null if the device has no matrix units that they are written for
     */
    static MatrixUnits find(Gpu gpu, ProductKernels kernels, ComputeType computeType) {
        return gpu.hasModule(MODULE) ? new MatrixUnits(kernels, computeType) : null;
    }

    /** Tells whether they take a product, which its types and row length decide, not its rows. */
    boolean take(Tensor x, Tensor weight) {
        if (x.columns() % VECTOR != 0 || !ProductKernels.isAligned(x.address(), x.columns())) {
            return false;
        }
        if (weight.type() == DType.BF16_PACKED) {
            return true;
        }
        return (weight.type() == rounded || weight.type() == DType.BF16)
                && ProductKernels.isAligned(weight.address(), weight.type(), weight.columns());
    }

    /** The kernel for a product that they take; both sizes of tile give the same bits. */
    GpuKernel kernel(Tensor x, Tensor weight) {
        boolean few = x.rows() <= FEW_ROWS;
        if (weight.type() == DType.BF16_PACKED) {
            if (fewPacked == null) {
                String name = rounded == DType.BF16 ? "linear_packed_" : "linear_packed_x3_";
                fewPacked = kernels.find(PACKED_MODULE, name + FEW_ROWS);
                manyPacked = kernels.find(PACKED_MODULE, name + MANY_ROWS);
            }
            return few ? fewPacked : manyPacked;
        }
        if (weight.type() == rounded) {
            return few ? fewRounded : manyRounded;
        }
        return few ? fewSplit : manySplit;
    }

    /** Tiles of rows, which follow each other in x, so that those of one weight run together. */
    int rowTiles(Tensor x) {
        return ProductKernels.groups(x.rows(), x.rows() <= FEW_ROWS ? FEW_ROWS : MANY_ROWS);
    }

    /** Tiles of outputs. */
    int outputTiles(Tensor weight) {
        return ProductKernels.groups(weight.rows(), TILE_OUTPUTS);
    }
}
