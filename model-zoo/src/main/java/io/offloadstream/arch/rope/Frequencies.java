/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.arch.rope;

/**
 * The frequencies that all scalings start from: {@code 1 / theta^(2i / dim)}.
 *
 * <p>Computed in float32 like the original, rounding by rounding: at position 100,000 a frequency
 * that is 1e-7 off turns by a hundredth of a radian.
 *
 * <p>Source: arXiv:2104.09864; transformers 5.18 modeling_rope_utils.py.
 */
final class Frequencies {

    private Frequencies() {}

    /**
     * Returns the powers of theta.
     *
     * @param theta the base
     * @param dim rotated values in a head, even
     * @return (dim / 2) {@code theta^(2i / dim)}
     */
    static float[] wavelengths(float theta, int dim) {
        float[] powers = new float[dim / 2];
        for (int i = 0; i < powers.length; i++) {
            float exponent = (2f * i) / dim;
            powers[i] = (float) Math.pow(theta, exponent);
        }
        return powers;
    }

    /**
     * Returns the unscaled frequencies.
     *
     * @param theta the base
     * @param dim rotated values in a head, even
     * @return (dim / 2) radians per position
     */
    static float[] base(float theta, int dim) {
        float[] frequencies = wavelengths(theta, dim);
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] = 1f / frequencies[i];
        }
        return frequencies;
    }
}
