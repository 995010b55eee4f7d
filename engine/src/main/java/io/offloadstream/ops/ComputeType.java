/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.ops;

import io.offloadstream.platform.DType;

/** What matrix products take their activations in. Sums are float32 always. */
public enum ComputeType {
    /** As they are: the reference. */
    FLOAT32(null),
    /**
     * Rounded to bfloat16: for matrix units, and on the CPU for weights of bfloat16, packed or not;
     * as they are for all others.
     */
    BFLOAT16(DType.BF16),
    /** Rounded to float16, for matrix units. */
    FLOAT16(DType.F16),
    /**
     * Rounded to int8 with a scale for each 32, for weights in blocks of Q8_0 and Q4_0 on the CPU;
     * as they are for all others.
     */
    INT8(null);

    private final DType rounded;

    ComputeType(DType rounded) {
        this.rounded = rounded;
    }

    /**
     * Returns the type that activations are rounded to where the weight has it too.
     *
     * @return null if they are not rounded, or not to a type of a weight
     */
    public DType rounded() {
        return rounded;
    }
}
