/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.arch.rope;

import io.offloadstream.model.Rope;

/** A rope whose frequencies do not depend on the length: every scaling but {@code dynamic}. */
final class FixedRope implements Rope {

    private final float[] frequencies;
    private final float attentionFactor;

    FixedRope(float[] frequencies, float attentionFactor) {
        this.frequencies = frequencies.clone();
        this.attentionFactor = attentionFactor;
    }

    @Override
    public int halfDim() {
        return frequencies.length;
    }

    @Override
    public boolean interleaved() {
        return false;
    }

    @Override
    public float[] inverseFrequencies(int sequenceLength) {
        return frequencies.clone();
    }

    @Override
    public float attentionFactor() {
        return attentionFactor;
    }
}
