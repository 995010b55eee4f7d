/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.cpu;

import io.offloadstream.ops.ComputeType;
import io.offloadstream.ops.ScratchRules;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.Int8Rows;

/**
 * What operators take beside their results where activations are rounded.
 *
 * @param type int8 or bfloat16
 * @param bf16Bytes of one activation that is rounded to bfloat16
 */
record ActivationScratch(ComputeType type, int bf16Bytes) implements ScratchRules {

    @Override
    public long activationBytes(int rows, int columns) {
        if (type == ComputeType.BFLOAT16) {
            return (long) rows * columns * bf16Bytes;
        }
        // no weight in blocks has rows of another length
        return columns % DType.Q8_0.blockElements() == 0 ? rows * Int8Rows.sizeBytes(columns) : 0;
    }
}
