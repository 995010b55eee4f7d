/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import io.offloadstream.ops.Phase;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.Activation;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.gpu.GpuKernel;
import java.util.Locale;

/**
 * Products of up to 8 rows: each weight is read once for all of them. Which kernel runs follows
 * from the number of rows; the bits do not.
 */
final class DecodeProducts implements Products {

    private static final int THREADS = 128;

    /** Outputs of a group of threads; of each weight half of them where two are gated. */
    private static final int GROUP_OUTPUTS = 4;

    private static final int TRANSPOSED_THREADS = 256;
    private static final int TRANSPOSED_OUTPUTS = 32;

    /** Weights in one launch. */
    private static final int MOST_WEIGHTS = 3;

    /** Kernels are made for 1, 2, 4 and 8 rows. */
    private static final int SIZES = 4;

    private final ProductKernels kernels;
    private final DeviceStream stream;
    private final GpuKernel[][] linear = new GpuKernel[DType.values().length][SIZES];
    private final GpuKernel[][] gated = new GpuKernel[DType.values().length][SIZES];
    private final GpuKernel[] transposed = new GpuKernel[SIZES];

    DecodeProducts(ProductKernels kernels, DeviceStream stream) {
        this.kernels = kernels;
        this.stream = stream;
    }

    @Override
    public void linear(Tensor x, Tensor weight, Tensor bias, Tensor y) {
        multiply(x, weight, null, bias, y, Epilogue.STORE, Activation.SILU);
    }

    @Override
    public void linearAdd(Tensor x, Tensor weight, Tensor bias, Tensor scratch, Tensor target) {
        multiply(x, weight, null, bias, target, Epilogue.ADD, Activation.SILU);
    }

    @Override
    public void linearScaled(Tensor x, Tensor weight, Tensor scales, Tensor bias, Tensor y) {
        multiply(x, weight, scales, bias, y, Epilogue.STORE, Activation.SILU);
    }

    private void multiply(
            Tensor x,
            Tensor weight,
            Tensor scales,
            Tensor bias,
            Tensor y,
            int epilogue,
            Activation activation) {
        for (int row = 0; row < x.rows(); row += Phase.MOST_DECODE_ROWS) {
            GpuKernel kernel = begin(x, row, weight);
            kernel.int32(epilogue).int32(activation.code());
            kernel.buffer(scales == null ? 0 : scales.address());
            if (weight.type() == DType.BF16_PACKED) {
                escapes(kernel, weight);
                escapes(kernel, null);
                escapes(kernel, null);
            }
            part(kernel, row, weight, bias, y);
            absent(kernel);
            absent(kernel);
            kernel.launch(
                    stream, ProductKernels.groups(weight.rows(), GROUP_OUTPUTS), 1, 1, THREADS);
        }
    }

    @Override
    public void linears(Tensor x, Tensor[] weights, Tensor[] biases, Tensor[] y) {
        int begin = 0;
        while (begin < weights.length) {
            int end = begin + 1;
            while (end < weights.length
                    && end - begin < MOST_WEIGHTS
                    && fit(weights[begin], weights[end])) {
                end++;
            }
            for (int row = 0; row < x.rows(); row += Phase.MOST_DECODE_ROWS) {
                launchTogether(x, row, weights, biases, y, begin, end);
            }
            begin = end;
        }
    }

    private void launchTogether(
            Tensor x, int row, Tensor[] weights, Tensor[] biases, Tensor[] y, int begin, int end) {
        GpuKernel kernel = begin(x, row, weights[begin]);
        kernel.int32(Epilogue.STORE).int32(Activation.SILU.code()).buffer(0);
        for (int i = begin; i < begin + MOST_WEIGHTS; i++) {
            if (weights[begin].type() == DType.BF16_PACKED) {
                escapes(kernel, i < end ? weights[i] : null);
            }
        }
        int groups = 0;
        for (int i = begin; i < begin + MOST_WEIGHTS; i++) {
            if (i < end) {
                part(kernel, row, weights[i], biases[i], y[i]);
                groups += ProductKernels.groups(weights[i].rows(), GROUP_OUTPUTS);
            } else {
                absent(kernel);
            }
        }
        kernel.launch(stream, groups, 1, 1, THREADS);
    }

    @Override
    public void gatedLinear(
            Activation activation,
            Tensor x,
            Tensor gate,
            Tensor gateBias,
            Tensor up,
            Tensor upBias,
            Tensor scratch,
            Tensor y) {
        if (!fit(gate, up)) {
            multiply(x, gate, null, gateBias, y, Epilogue.STORE, activation);
            multiply(x, up, null, upBias, y, Epilogue.GATE, activation);
            return;
        }
        for (int row = 0; row < x.rows(); row += Phase.MOST_DECODE_ROWS) {
            int rows = Math.min(x.rows() - row, Phase.MOST_DECODE_ROWS);
            int size = size(rows);
            GpuKernel[] known = gated[gate.type().code()];
            if (known[size] == null) {
                known[size] = kernels.find(module(gate.type()), "gated_" + (1 << size));
            }
            GpuKernel kernel = known[size];
            kernel.buffer(at(x, row)).int32(rows).int32(x.columns());
            kernel.int32(vectors(x, row, gate)).int32(activation.code());
            if (gate.type() == DType.BF16_PACKED) {
                escapes(kernel, gate);
                escapes(kernel, up);
            }
            ProductKernels.optional(kernel.buffer(gate.address()), gateBias);
            ProductKernels.optional(kernel.buffer(up.address()), upBias);
            kernel.buffer(at(y, row)).int32(y.columns());
            kernel.launch(
                    stream, ProductKernels.groups(gate.rows(), GROUP_OUTPUTS / 2), 1, 1, THREADS);
        }
    }

    @Override
    public void linearTransposed(Tensor x, Tensor weight, Tensor bias, Tensor y) {
        for (int row = 0; row < x.rows(); row += Phase.MOST_DECODE_ROWS) {
            int rows = Math.min(x.rows() - row, Phase.MOST_DECODE_ROWS);
            int size = size(rows);
            if (transposed[size] == null) {
                transposed[size] = kernels.find("decode_transposed", "transposed_" + (1 << size));
            }
            GpuKernel kernel = transposed[size];
            kernel.buffer(at(x, row)).int32(rows).int32(x.columns());
            kernel.buffer(weight.address()).int32(weight.type().code());
            ProductKernels.optional(kernel, bias).buffer(at(y, row)).int32(y.columns());
            int groups = ProductKernels.groups(y.columns(), TRANSPOSED_OUTPUTS);
            kernel.launch(stream, groups, 1, 1, TRANSPOSED_THREADS);
        }
    }

    /** Sets what comes before the weights. */
    private GpuKernel begin(Tensor x, int row, Tensor weight) {
        int rows = Math.min(x.rows() - row, Phase.MOST_DECODE_ROWS);
        int size = size(rows);
        GpuKernel[] known = linear[weight.type().code()];
        if (known[size] == null) {
            known[size] = kernels.find(module(weight.type()), "linear_" + (1 << size));
        }
        return known[size]
                .buffer(at(x, row))
                .int32(rows)
                .int32(x.columns())
                .int32(vectors(x, row, weight));
    }

    private static void part(GpuKernel kernel, int row, Tensor weight, Tensor bias, Tensor y) {
        ProductKernels.optional(kernel.buffer(weight.address()), bias)
                .buffer(at(y, row))
                .int32(weight.rows());
    }

    /** What a packed weight has besides; all weights of a launch are packed, or none. */
    private static void escapes(GpuKernel kernel, Tensor weight) {
        kernel.buffer(weight == null ? 0 : weight.escapes());
        kernel.int32(weight == null ? 0 : weight.firstRow());
    }

    private static void absent(GpuKernel kernel) {
        ProductKernels.optional(kernel.buffer(0), null).buffer(0).int32(0);
    }

    /** One launch has one type and one way to load. */
    private static boolean fit(Tensor first, Tensor other) {
        return first.type() == other.type()
                && (ProductKernels.hasBlocks(first.type()) || isAligned(first) == isAligned(other));
    }

    private static boolean isAligned(Tensor weight) {
        return ProductKernels.isAligned(weight.address(), weight.type(), weight.columns());
    }

    private static int vectors(Tensor x, int row, Tensor weight) {
        boolean aligned =
                ProductKernels.isAligned(at(x, row), x.columns())
                        && (ProductKernels.hasBlocks(weight.type()) || isAligned(weight));
        return aligned ? 1 : 0;
    }

    private static long at(Tensor x, int row) {
        return x.address() + (long) row * x.columns() * Float.BYTES;
    }

    /** The kernel for that many rows: 0 for 1, 1 for 2, 2 for up to 4, 3 for up to 8. */
    private static int size(int rows) {
        return Integer.SIZE - Integer.numberOfLeadingZeros(rows - 1);
    }

    private static String module(DType type) {
        return type == DType.F8_E4M3
                ? "decode_f8"
                : "decode_" + type.name().toLowerCase(Locale.ROOT);
    }
}
