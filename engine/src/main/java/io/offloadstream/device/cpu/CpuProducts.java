/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.cpu;

import io.offloadstream.ops.ComputeType;
import io.offloadstream.ops.ScratchRules;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.Kernels;
import io.offloadstream.platform.WorkerPool;

/** The matrix products of {@link CpuOps}: outputs are split over the pool. */
final class CpuProducts {

    /** Outputs that a range of a product starts at a multiple of: a cache line of results. */
    private static final int OUTPUT_TILE = 16;

    private final Kernels kernels;
    private final WorkerPool pool;
    private final CpuWorkspace workspace;
    private final ScratchRules rules;
    private final ComputeType computeType;

    CpuProducts(
            Kernels kernels,
            WorkerPool pool,
            CpuWorkspace workspace,
            ScratchRules rules,
            ComputeType computeType) {
        this.kernels = kernels;
        this.pool = pool;
        this.workspace = workspace;
        this.rules = rules;
        this.computeType = computeType;
    }

    /**
     * Activations of one product or several.
     *
     * @param x (rows, in) float32
     * @param rounded the same in int8 or bfloat16, or null if no weight takes them so
     */
    record Inputs(Tensor x, Tensor rounded) {}

    /** Brings activations into the types that products with these weights take. */
    Inputs inputs(Tensor x, Tensor... weights) {
        long sizeBytes = rules.activationBytes(x.rows(), x.columns());
        boolean wanted = false;
        for (Tensor weight : weights) {
            wanted |= takesRounded(weight);
        }
        if (!wanted || sizeBytes == 0) {
            return new Inputs(x, null);
        }
        Tensor rounded = workspace.allocate(DType.U8, sizeBytes);
        long rowBytes = sizeBytes / x.rows();
        pool.run(
                x.rows(),
                CpuOps.rowGrain(x.columns()),
                (begin, end) -> round(x, begin, end, rounded.address() + begin * rowBytes));
        return new Inputs(x, rounded);
    }

    private void round(Tensor x, long begin, long end, long target) {
        int in = x.columns();
        long source = x.address() + 4 * begin * in;
        if (computeType == ComputeType.INT8) {
            kernels.quantizeRows(source, (int) (end - begin), in, target);
        } else {
            kernels.round(source, (end - begin) * in, target);
        }
    }

    private boolean takesRounded(Tensor weight) {
        return switch (weight.type()) {
            case Q8_0, Q4_0 -> computeType == ComputeType.INT8;
            case BF16, BF16_PACKED -> computeType == ComputeType.BFLOAT16;
            default -> false;
        };
    }

    /** Multiplies into columns columnBegin and on of y. */
    void linear(Inputs inputs, Tensor weight, Tensor bias, Tensor y, int columnBegin) {
        long target = y.address() + 4L * columnBegin;
        boolean rounded = inputs.rounded() != null && takesRounded(weight);
        if (rounded && computeType == ComputeType.INT8) {
            linearInt8(inputs, weight, bias, target, y.columns());
        } else if (rounded) {
            linearRounded(inputs, weight, bias, target, y.columns());
        } else if (weight.type() == DType.BF16_PACKED) {
            linearPacked(inputs.x(), weight, bias, target, y.columns());
        } else {
            linear(inputs.x(), weight, bias, target, y.columns());
        }
    }

    private void linear(Tensor x, Tensor weight, Tensor bias, long target, long stride) {
        int in = x.columns();
        int rows = x.rows();
        pool.run(
                weight.rows(),
                outputGrain(rows, in),
                (begin, end) ->
                        kernels.linear(
                                x.address(),
                                rows,
                                in,
                                weight.address(),
                                weight.type().code(),
                                addressOf(bias),
                                typeOf(bias),
                                target,
                                stride,
                                (int) begin,
                                (int) end));
    }

    private void linearInt8(Inputs inputs, Tensor weight, Tensor bias, long target, long stride) {
        int in = inputs.x().columns();
        int rows = inputs.x().rows();
        pool.run(
                weight.rows(),
                outputGrain(rows, in),
                (begin, end) ->
                        kernels.linearInt8(
                                inputs.rounded().address(),
                                rows,
                                in,
                                weight.address(),
                                weight.type().code(),
                                addressOf(bias),
                                typeOf(bias),
                                target,
                                stride,
                                (int) begin,
                                (int) end));
    }

    private void linearRounded(
            Inputs inputs, Tensor weight, Tensor bias, long target, long stride) {
        int in = inputs.x().columns();
        int rows = inputs.x().rows();
        boolean packed = weight.type() == DType.BF16_PACKED;
        pool.run(
                weight.rows(),
                outputGrain(rows, in),
                (begin, end) ->
                        kernels.linearRounded(
                                inputs.rounded().address(),
                                rows,
                                in,
                                weight.address(),
                                packed ? weight.escapes() : 0,
                                packed ? weight.firstRow() : 0,
                                addressOf(bias),
                                typeOf(bias),
                                target,
                                stride,
                                (int) begin,
                                (int) end));
    }

    private void linearPacked(Tensor x, Tensor weight, Tensor bias, long target, long stride) {
        int in = x.columns();
        int rows = x.rows();
        pool.run(
                weight.rows(),
                outputGrain(rows, in),
                (begin, end) ->
                        kernels.linearPacked(
                                x.address(),
                                rows,
                                in,
                                weight.address(),
                                weight.escapes(),
                                weight.firstRow(),
                                addressOf(bias),
                                typeOf(bias),
                                target,
                                stride,
                                (int) begin,
                                (int) end));
    }

    void linearTransposed(Tensor x, Tensor weight, Tensor bias, Tensor y) {
        int in = x.columns();
        int rows = x.rows();
        int out = weight.columns();
        pool.run(
                out,
                outputGrain(rows, in),
                (begin, end) ->
                        kernels.linearTransposed(
                                x.address(),
                                rows,
                                in,
                                out,
                                weight.address(),
                                weight.type().code(),
                                addressOf(bias),
                                typeOf(bias),
                                y.address(),
                                (int) begin,
                                (int) end));
    }

    void linearScaled(Tensor x, Tensor weight, Tensor scales, Tensor bias, Tensor y) {
        int in = x.columns();
        int rows = x.rows();
        pool.run(
                weight.rows(),
                outputGrain(rows, in),
                (begin, end) ->
                        kernels.linearScaled(
                                x.address(),
                                rows,
                                in,
                                weight.address(),
                                scales.address(),
                                addressOf(bias),
                                typeOf(bias),
                                y.address(),
                                y.columns(),
                                (int) begin,
                                (int) end));
    }

    static long addressOf(Tensor bias) {
        return bias == null ? 0 : bias.address();
    }

    private static int typeOf(Tensor bias) {
        return bias == null ? DType.F32.code() : bias.type().code();
    }

    private static long outputGrain(int rows, int in) {
        long workPerTile = Math.max(1, (long) rows * in * OUTPUT_TILE);
        return OUTPUT_TILE * Math.max(1, CpuOps.GRAIN_WORK / workPerTile);
    }
}
