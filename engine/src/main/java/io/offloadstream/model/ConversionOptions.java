/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.platform.DType;
import io.offloadstream.quant.Packing;
import io.offloadstream.quant.Quantization;

/**
 * How a packed copy stores matrices: those that products or gathers take by rows. Norms and biases
 * stay as they are.
 *
 * @param type what matrices are rounded to, F32, F16 or BF16; null to keep their type
 * @param quantization blocks that matrices with rows of whole blocks are quantised to
 * @param packing of matrices that are BF16 then
 * @param threads that compute, at least 1
 */
public record ConversionOptions(
        DType type, Quantization quantization, Packing packing, int threads) {

    /** Checks the values. */
    public ConversionOptions {
        if (type != null && !type.isComputable()) {
            throw new IllegalArgumentException("dtype " + type + "; valid: F32, F16, BF16");
        }
        if (threads < 1) {
            throw new IllegalArgumentException("threads is " + threads + ", needed: at least 1");
        }
    }
}
