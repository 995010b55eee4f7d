/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.arch;

import io.offloadstream.model.KvShape;

/**
 * The widths of grouped-query attention.
 *
 * @param hiddenSize width of the hidden state
 * @param heads query heads
 * @param kvHeads key/value heads, a divisor of heads
 * @param headDim values in a head, not always hiddenSize / heads
 */
record AttentionShape(int hiddenSize, int heads, int kvHeads, int headDim) {

    int queryWidth() {
        return heads * headDim;
    }

    int keyWidth() {
        return kvHeads * headDim;
    }

    KvShape kv() {
        return new KvShape(kvHeads, headDim);
    }

    /** {@code 1 / sqrt(headDim)}, which scores are multiplied by. */
    float scale() {
        return (float) (1 / Math.sqrt(headDim));
    }
}
