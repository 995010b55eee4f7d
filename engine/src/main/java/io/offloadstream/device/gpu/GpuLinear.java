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

/** Matrix products. */
final class GpuLinear implements AutoCloseable {

    GpuLinear(Gpu gpu, DeviceStream stream, Phase phase, ComputeType computeType) {}

    void linear(Tensor x, Tensor weight, Tensor bias, Tensor y) {
        throw new UnsupportedOperationException("pending");
    }

    void linears(Tensor x, Tensor[] weights, Tensor[] biases, Tensor[] y) {
        throw new UnsupportedOperationException("pending");
    }

    void linearAdd(Tensor x, Tensor weight, Tensor bias, Tensor target) {
        throw new UnsupportedOperationException("pending");
    }

    void gatedLinear(
            Activation activation,
            Tensor x,
            Tensor gate,
            Tensor gateBias,
            Tensor up,
            Tensor upBias,
            Tensor scratch,
            Tensor y) {
        throw new UnsupportedOperationException("pending");
    }

    void linearScaled(Tensor x, Tensor weight, Tensor scales, Tensor bias, Tensor y) {
        throw new UnsupportedOperationException("pending");
    }

    void linearTransposed(Tensor x, Tensor weight, Tensor bias, Tensor y) {
        throw new UnsupportedOperationException("pending");
    }

    @Override
    public void close() {}
}
