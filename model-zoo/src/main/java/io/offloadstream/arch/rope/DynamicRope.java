/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.arch.rope;

import io.offloadstream.model.Rope;

/**
 * Dynamic NTK scaling: beyond the original length the base grows with the length.
 *
 * <p>Source: transformers 5.18, {@code _compute_dynamic_ntk_parameters}. Keys in the cache stay as
 * they were rotated, as there.
 */
final class DynamicRope implements Rope {

    private final double theta;
    private final int dim;
    private final double factor;
    private final int originalPositions;
    private final float[] original;

    DynamicRope(double theta, int dim, double factor, int originalPositions) {
        this.theta = theta;
        this.dim = dim;
        this.factor = factor;
        this.originalPositions = originalPositions;
        this.original = Frequencies.base((float) theta, dim);
    }

    @Override
    public int halfDim() {
        return original.length;
    }

    @Override
    public boolean interleaved() {
        return false;
    }

    @Override
    public float[] inverseFrequencies(int sequenceLength) {
        if (sequenceLength <= originalPositions) {
            return original.clone();
        }
        float stretch = (float) factor * sequenceLength / originalPositions - (float) (factor - 1);
        float growth = (float) Math.pow(stretch, (float) ((double) dim / (dim - 2)));
        return Frequencies.base((float) theta * growth, dim);
    }

    @Override
    public float attentionFactor() {
        return 1;
    }
}
