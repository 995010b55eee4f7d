/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.arch.rope;

/**
 * Position interpolation: positions are divided by a factor.
 *
 * <p>Source: arXiv:2306.15595; transformers 5.18, {@code _compute_linear_scaling_rope_parameters}.
 */
final class LinearScaling {

    private LinearScaling() {}

    static float[] apply(float[] frequencies, double factor) {
        float[] scaled = new float[frequencies.length];
        for (int i = 0; i < scaled.length; i++) {
            scaled[i] = frequencies[i] / (float) factor;
        }
        return scaled;
    }
}
