/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.arch.rope;

/**
 * Llama 3.1: long wavelengths are divided by a factor, short ones kept, those between interpolated.
 *
 * <p>Source: transformers 5.18, {@code _compute_llama3_parameters}.
 *
 * @param factor divides the frequencies whose wavelength is long
 * @param lowFactor long is more than originalPositions / lowFactor
 * @param highFactor short is less than originalPositions / highFactor, more than lowFactor
 * @param originalPositions the length that the model was first trained for
 */
record Llama3Scaling(double factor, double lowFactor, double highFactor, int originalPositions) {

    float[] apply(float[] frequencies) {
        float longest = (float) (originalPositions / lowFactor);
        float shortest = (float) (originalPositions / highFactor);
        float[] scaled = new float[frequencies.length];
        for (int i = 0; i < scaled.length; i++) {
            float wavelength = (float) (2 * Math.PI) / frequencies[i];
            if (wavelength > longest) {
                scaled[i] = frequencies[i] / (float) factor;
            } else if (wavelength < shortest) {
                scaled[i] = frequencies[i];
            } else {
                scaled[i] = interpolate(frequencies[i], wavelength);
            }
        }
        return scaled;
    }

    private float interpolate(float frequency, float wavelength) {
        float smooth =
                (originalPositions / wavelength - (float) lowFactor)
                        / (float) (highFactor - lowFactor);
        return (1f - smooth) * frequency / (float) factor + smooth * frequency;
    }
}
