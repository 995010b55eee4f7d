/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

/**
 * A rotary position embedding: frequencies and their scaling.
 *
 * <p>Source: arXiv:2104.09864; transformers modeling_rope_utils.py.
 */
public interface Rope {

    /**
     * Returns the number of rotated pairs in a head.
     *
     * @return half the rotated width
     */
    int halfDim();

    /**
     * Tells how pairs lie.
     *
     * @return true if neighbours (GLM), false if half a head apart (Llama)
     */
    boolean interleaved();

    /**
     * Returns the frequencies.
     *
     * @param sequenceLength the length that decides the scaling where it depends on one (dynamic):
     *     of the whole prompt in prefill, the current one in decode
     * @return halfDim values, in radians per position
     */
    float[] inverseFrequencies(int sequenceLength);

    /**
     * Returns what sines and cosines are multiplied by.
     *
     * @return 1 unless the scaling says otherwise (yarn)
     */
    float attentionFactor();
}
