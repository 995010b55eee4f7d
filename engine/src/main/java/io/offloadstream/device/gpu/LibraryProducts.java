/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.Activation;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.gpu.GpuKernel;

/**
 * Products of many rows by the vendor's library; bias and epilogue follow in a kernel. Weights that
 * the library does not take go to the kernels that every device has.
 */
final class LibraryProducts implements Products {

    private static final int THREADS = 256;
    private static final int MOST_GROUPS = 64;

    private final GemmLibrary library;
    private final Products others;
    private final DeviceStream stream;
    private final GpuKernel finish;

    LibraryProducts(
            GemmLibrary library, ProductKernels kernels, DeviceStream stream, Products others) {
        this.library = library;
        this.stream = stream;
        this.others = others;
        finish = kernels.find("gemm_cuda", "finish_product");
    }

    @Override
    public void linear(Tensor x, Tensor weight, Tensor bias, Tensor y) {
        if (!library.takes(weight)) {
            others.linear(x, weight, bias, y);
            return;
        }
        library.multiply(x, weight, y.address());
        if (bias != null) {
            finish(y.address(), x.rows(), bias, y, Epilogue.STORE, Activation.SILU);
        }
    }

    @Override
    public void linearAdd(Tensor x, Tensor weight, Tensor bias, Tensor scratch, Tensor target) {
        if (!library.takes(weight)) {
            others.linearAdd(x, weight, bias, scratch, target);
            return;
        }
        library.multiply(x, weight, scratch.address());
        finish(scratch.address(), x.rows(), bias, target, Epilogue.ADD, Activation.SILU);
    }

    @Override
    public void linears(Tensor x, Tensor[] weights, Tensor[] biases, Tensor[] y) {
        for (int i = 0; i < weights.length; i++) {
            linear(x, weights[i], biases[i], y[i]);
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
        if (!library.takes(gate) || !library.takes(up)) {
            others.gatedLinear(activation, x, gate, gateBias, up, upBias, scratch, y);
            return;
        }
        linear(x, gate, gateBias, y);
        library.multiply(x, up, scratch.address());
        finish(scratch.address(), x.rows(), upBias, y, Epilogue.GATE, activation);
    }

    @Override
    public void linearScaled(Tensor x, Tensor weight, Tensor scales, Tensor bias, Tensor y) {
        others.linearScaled(x, weight, scales, bias, y);
    }

    @Override
    public void linearTransposed(Tensor x, Tensor weight, Tensor bias, Tensor y) {
        others.linearTransposed(x, weight, bias, y);
    }

    private void finish(
            long product, int rows, Tensor bias, Tensor y, int epilogue, Activation activation) {
        int groups = Math.min(MOST_GROUPS, ProductKernels.groups(y.columns(), THREADS));
        ProductKernels.optional(finish.buffer(product), bias)
                .buffer(y.address())
                .int32(y.columns())
                .int32(epilogue)
                .int32(activation.code())
                .launch(stream, rows, groups, 1, THREADS);
    }
}
