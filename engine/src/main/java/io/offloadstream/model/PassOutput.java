/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.ops.Tensor;

/**
 * Where a pass writes its results. The memory is the caller's.
 *
 * @param logitRows which rows of (batch * T) get logits, ascending; null for all
 * @param logits (logitRows.length or batch * T, vocab) float32, or null for none: then the head is
 *     not read at all
 * @param hidden (batch * T, hidden) float32, the hidden state after the final norm; or null
 * @param best where the largest of the logits go instead of all of them; or null
 */
public record PassOutput(int[] logitRows, Tensor logits, Tensor hidden, BestLogits best) {

    /**
     * Takes all logits or none.
     *
     * @param logitRows which rows get logits, null for all
     * @param logits (logitRows.length or batch * T, vocab) float32, or null
     * @param hidden (batch * T, hidden) float32, or null
     */
    public PassOutput(int[] logitRows, Tensor logits, Tensor hidden) {
        this(logitRows, logits, hidden, null);
    }

    /**
     * Takes the largest logits of some rows.
     *
     * @param logitRows which rows, ascending
     * @param best where they go, as many rows
     * @return the output
     */
    public static PassOutput best(int[] logitRows, BestLogits best) {
        return new PassOutput(logitRows, null, null, best);
    }

    /** Tells whether any row gets logits, all or the largest: the head is read then. */
    boolean wantsLogits() {
        return logits != null || best != null;
    }
}
