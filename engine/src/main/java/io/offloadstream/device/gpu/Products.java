/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.Activation;

/** The products of one phase; parameters as {@link GpuLinear} has them. */
interface Products {

    /** Multiplies. */
    void linear(Tensor x, Tensor weight, Tensor bias, Tensor y);

    /** Multiplies and adds. */
    void linearAdd(Tensor x, Tensor weight, Tensor bias, Tensor scratch, Tensor target);

    /** Multiplies by several weights. */
    void linears(Tensor x, Tensor[] weights, Tensor[] biases, Tensor[] y);

    /** Projects twice and gates. */
    void gatedLinear(
            Activation activation,
            Tensor x,
            Tensor gate,
            Tensor gateBias,
            Tensor up,
            Tensor upBias,
            Tensor scratch,
            Tensor y);

    /** Multiplies by a float8 weight with scales. */
    void linearScaled(Tensor x, Tensor weight, Tensor scales, Tensor bias, Tensor y);

    /** Multiplies by a weight stored (in, out). */
    void linearTransposed(Tensor x, Tensor weight, Tensor bias, Tensor y);
}
