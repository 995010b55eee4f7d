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

    /**
     * Multiply-adds or bytes of weights, whichever are reached first, that a range has at least: 3
     * or 4 microseconds, a few times what it takes to begin one.
     */
    private static final long RANGE_WORK = 128 * 1024;

    private static final long RANGE_BYTES = 64 * 1024;

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
    private record Inputs(Tensor x, Tensor rounded) {}

    /** Brings activations into the types that products with these weights take. */
    private Inputs inputs(Tensor x, Product... products) {
        long sizeBytes = rules.activationBytes(x.rows(), x.columns());
        boolean wanted = false;
        for (Product product : products) {
            wanted |= takesRounded(product.weight());
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

    /**
     * A weight, and where its products go.
     *
     * @param weight (out, in)
     * @param bias (out), or null
     * @param y (rows, columnBegin + out or more) float32
     * @param columnBegin the first of the columns that are written
     */
    record Product(Tensor weight, Tensor bias, Tensor y, int columnBegin) {

        private long target() {
            return y.address() + (long) Float.BYTES * columnBegin;
        }
    }

    /**
     * Multiplies by all weights in one round of the pool: between rounds no thread reads weights.
     *
     * @param x (rows, in) float32
     */
    void linears(Tensor x, Product... products) {
        Inputs inputs = inputs(x, products);
        Tensor first = products[0].weight();
        long outputs = 0;
        for (Product product : products) {
            outputs += product.weight().rows();
        }
        pool.run(
                outputs,
                grain(x, first, first.rows()),
                (begin, end) -> {
                    long before = 0;
                    for (Product product : products) {
                        int rows = product.weight().rows();
                        int from = (int) Math.max(begin - before, 0);
                        int to = (int) Math.min(end - before, rows);
                        if (from < to) {
                            linear(inputs, product, from, to);
                        }
                        before += rows;
                    }
                });
    }

    /** Outputs [begin, end) of one weight. */
    private void linear(Inputs inputs, Product product, int begin, int end) {
        Tensor x = inputs.x();
        Tensor weight = product.weight();
        Tensor bias = product.bias();
        if (inputs.rounded() != null && takesRounded(weight)) {
            linearRounded(inputs, product, begin, end);
        } else if (weight.type() == DType.BF16_PACKED) {
            kernels.linearPacked(
                    x.address(),
                    x.rows(),
                    x.columns(),
                    weight.address(),
                    weight.escapes(),
                    weight.firstRow(),
                    addressOf(bias),
                    typeOf(bias),
                    product.target(),
                    product.y().columns(),
                    begin,
                    end);
        } else {
            kernels.linear(
                    x.address(),
                    x.rows(),
                    x.columns(),
                    weight.address(),
                    weight.type().code(),
                    addressOf(bias),
                    typeOf(bias),
                    product.target(),
                    product.y().columns(),
                    begin,
                    end);
        }
    }

    private void linearRounded(Inputs inputs, Product product, int begin, int end) {
        Tensor weight = product.weight();
        Tensor bias = product.bias();
        if (computeType == ComputeType.INT8) {
            kernels.linearInt8(
                    inputs.rounded().address(),
                    inputs.x().rows(),
                    inputs.x().columns(),
                    weight.address(),
                    weight.type().code(),
                    addressOf(bias),
                    typeOf(bias),
                    product.target(),
                    product.y().columns(),
                    begin,
                    end);
        } else {
            boolean packed = weight.type() == DType.BF16_PACKED;
            kernels.linearRounded(
                    inputs.rounded().address(),
                    inputs.x().rows(),
                    inputs.x().columns(),
                    weight.address(),
                    packed ? weight.escapes() : 0,
                    packed ? weight.firstRow() : 0,
                    addressOf(bias),
                    typeOf(bias),
                    product.target(),
                    product.y().columns(),
                    begin,
                    end);
        }
    }

    void linearTransposed(Tensor x, Tensor weight, Tensor bias, Tensor y) {
        int in = x.columns();
        int rows = x.rows();
        int out = weight.columns();
        pool.run(
                out,
                grain(x, weight, out),
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
                grain(x, weight, weight.rows()),
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

    /** The least outputs of a range, a multiple of OUTPUT_TILE. */
    private static long grain(Tensor x, Tensor weight, long outputs) {
        long tileWork = Math.max(1, (long) x.rows() * x.columns() * OUTPUT_TILE);
        long tileBytes = Math.max(1, weight.sizeBytes() / Math.max(1, outputs) * OUTPUT_TILE);
        long tiles = Math.min(RANGE_WORK / tileWork, RANGE_BYTES / tileBytes);
        return OUTPUT_TILE * Math.max(1, tiles);
    }
}
