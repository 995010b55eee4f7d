/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import io.offloadstream.ops.ComputeType;
import io.offloadstream.ops.Phase;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.Activation;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.gpu.Gpu;

/**
 * Matrix products on a GPU, enqueued on one stream. Shapes were checked before. Weights are F32,
 * F16, BF16, BF16_PACKED, Q8_0 or Q4_0, or F8_E4M3 with scales; sums are float32.
 *
 * <p>A phase has one order of summation: a row's bits depend on the row, the weight and the phase,
 * not on how many rows there are, unless a library multiplies. Kernels are looked up when they are
 * first wanted; no call allocates after that. Used by one thread at a time.
 */
final class GpuLinear implements AutoCloseable {

    private final ProductKernels kernels;
    private final Products products;

    /**
     * Takes a device and a stream to use, which the caller closes after this.
     *
     * @param gpu whose kernels
     * @param stream what products are enqueued on
     * @param phase which order of summation
     * @param computeType what prefill takes its activations in; decoding, bound by memory, takes
     *     them as they are
     * @param library what prefill multiplies by where it can, or null; closed by the caller
     */
    GpuLinear(
            Gpu gpu,
            DeviceStream stream,
            Phase phase,
            ComputeType computeType,
            GemmLibrary library) {
        kernels = new ProductKernels(gpu);
        if (phase == Phase.DECODE) {
            products = new DecodeProducts(kernels, stream);
        } else {
            Products own =
                    new PrefillProducts(
                            kernels, stream, MatrixUnits.find(gpu, kernels, computeType));
            products = library == null ? own : new LibraryProducts(library, kernels, stream, own);
        }
    }

    /**
     * Multiplies: y = x weight^T + bias.
     *
     * @param x (rows, in)
     * @param weight (out, in)
     * @param bias (out), or null
     * @param y (rows, out), overwritten
     */
    void linear(Tensor x, Tensor weight, Tensor bias, Tensor y) {
        products.linear(x, weight, bias, y);
    }

    /**
     * Multiplies by several weights, up to three of one type in a launch.
     *
     * @param x (rows, in)
     * @param weights (out, in) each
     * @param biases (out) each, or null in its place
     * @param y (rows, out) of each, overwritten
     */
    void linears(Tensor x, Tensor[] weights, Tensor[] biases, Tensor[] y) {
        products.linears(x, weights, biases, y);
    }

    /**
     * Multiplies and adds: target += x weight^T + bias.
     *
     * @param x (rows, in), not the target
     * @param weight (out, in)
     * @param bias (out), or null
     * @param scratch (rows, out), free for use: a library's product before it is added
     * @param target (rows, out)
     */
    void linearAdd(Tensor x, Tensor weight, Tensor bias, Tensor scratch, Tensor target) {
        products.linearAdd(x, weight, bias, scratch, target);
    }

    /**
     * Projects twice and gates: y = activation(x gate^T + gateBias) * (x up^T + upBias).
     *
     * @param activation which
     * @param x (rows, in)
     * @param gate (out, in)
     * @param gateBias (out), or null
     * @param up (out, in)
     * @param upBias (out), or null
     * @param scratch (rows, out), free for use: a library's product before it gates
     * @param y (rows, out), overwritten
     */
    void gatedLinear(
            Activation activation,
            Tensor x,
            Tensor gate,
            Tensor gateBias,
            Tensor up,
            Tensor upBias,
            Tensor scratch,
            Tensor y) {
        products.gatedLinear(activation, x, gate, gateBias, up, upBias, scratch, y);
    }

    /**
     * Multiplies by a float8 weight with a scale for each 128 by 128 elements.
     *
     * @param x (rows, in)
     * @param weight (out, in) F8_E4M3
     * @param scales (ceil(out / 128), ceil(in / 128)) F32
     * @param bias (out), or null
     * @param y (rows, out), overwritten
     */
    void linearScaled(Tensor x, Tensor weight, Tensor scales, Tensor bias, Tensor y) {
        products.linearScaled(x, weight, scales, bias, y);
    }

    /**
     * Multiplies by a weight stored (in, out).
     *
     * @param x (rows, in)
     * @param weight (in, out) F32, F16 or BF16
     * @param bias (out), or null
     * @param y (rows, out), overwritten
     */
    void linearTransposed(Tensor x, Tensor weight, Tensor bias, Tensor y) {
        products.linearTransposed(x, weight, bias, y);
    }

    /** Frees the kernels. */
    @Override
    public void close() {
        kernels.close();
    }
}
