/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.Activation;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.gpu.GpuKernel;

/**
 * Products of many rows, in tiles: in float32 on any device, for any type and shape; on matrix
 * units where {@link MatrixUnits} takes them.
 */
final class PrefillProducts implements Products {

    private static final int THREADS = 256;
    private static final int TILE = 64;

    private final DeviceStream stream;
    private final GpuKernel linear;
    private final GpuKernel transposed;

    /** Null without. */
    private final MatrixUnits units;

    PrefillProducts(ProductKernels kernels, DeviceStream stream, MatrixUnits units) {
        this.stream = stream;
        this.units = units;
        linear = kernels.find("prefill", "linear");
        transposed = kernels.find("prefill", "transposed");
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
    public void linears(Tensor x, Tensor[] weights, Tensor[] biases, Tensor[] y) {
        for (int i = 0; i < weights.length; i++) {
            multiply(x, weights[i], null, biases[i], y[i], Epilogue.STORE, Activation.SILU);
        }
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
        multiply(x, gate, null, gateBias, y, Epilogue.STORE, activation);
        multiply(x, up, null, upBias, y, Epilogue.GATE, activation);
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
        if (units != null && units.take(x, weight)) {
            GpuKernel kernel = units.kernel(x, weight);
            kernel.buffer(x.address()).int32(x.rows()).int32(x.columns()).buffer(weight.address());
            if (weight.type() == DType.BF16_PACKED) {
                kernel.buffer(weight.escapes()).int32(weight.firstRow());
            }
            ProductKernels.optional(kernel, bias).buffer(y.address()).int32(weight.rows());
            kernel.int32(epilogue).int32(activation.code());
            kernel.launch(stream, units.rowTiles(x), units.outputTiles(weight), 1, THREADS);
            return;
        }
        boolean aligned =
                isAligned(x) && (ProductKernels.hasBlocks(weight.type()) || isAligned(weight));
        linear.buffer(x.address()).int32(x.rows()).int32(x.columns()).int32(aligned ? 1 : 0);
        linear.buffer(weight.address()).int32(weight.type().code());
        linear.buffer(scales == null ? weight.escapes() : scales.address());
        linear.int32(weight.firstRow());
        ProductKernels.optional(linear, bias).buffer(y.address()).int32(weight.rows());
        linear.int32(epilogue).int32(activation.code());
        linear.launch(stream, tiles(weight.rows()), tiles(x.rows()), 1, THREADS);
    }

    @Override
    public void linearTransposed(Tensor x, Tensor weight, Tensor bias, Tensor y) {
        int vectors = (isAligned(x) ? 1 : 0) + (isAligned(weight) ? 2 : 0);
        transposed.buffer(x.address()).int32(x.rows()).int32(x.columns()).int32(vectors);
        transposed.buffer(weight.address()).int32(weight.type().code());
        ProductKernels.optional(transposed, bias).buffer(y.address()).int32(y.columns());
        transposed.launch(stream, tiles(y.columns()), tiles(x.rows()), 1, THREADS);
    }

    /** A thread loads 8 elements of a row at once, all of which must be of the row. */
    private static boolean isAligned(Tensor x) {
        return x.columns() % 8 == 0
                && (x.type() == DType.F8_E4M3
                        ? x.address() % Integer.BYTES == 0
                        : ProductKernels.isAligned(x.address(), x.type(), x.columns()));
    }

    private static int tiles(int count) {
        return ProductKernels.groups(count, TILE);
    }
}
