/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.cpu;

import io.offloadstream.ops.AttentionSpec;
import io.offloadstream.ops.ComputeType;
import io.offloadstream.ops.KvView;
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

    @Override
    public long attentionBytes(int rows, AttentionSpec spec, KvView cache) {
        return 0;
    }

    @Override
    public long cacheBytes(int rows, KvView cache) {
        return 0;
    }

    @Override
    public long outputBytes(int rows, int columns) {
        return 0;
    }

    @Override
    public long topBytes(int rows, int columns, int count) {
        return 0;
    }
}
