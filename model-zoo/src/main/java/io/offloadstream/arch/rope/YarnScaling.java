/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.arch.rope;

/**
 * YaRN: frequencies that turn often within the original length are kept, those that turn less than
 * once are divided by a factor, with a ramp between.
 *
 * <p>Source: arXiv:2309.00071; transformers 5.18, {@code _compute_yarn_parameters}.
 *
 * @param factor divides the low frequencies
 * @param betaFast turns within the original length above which a frequency is kept
 * @param betaSlow turns below which it is divided
 * @param truncate whether the ends of the ramp are rounded to whole indices
 * @param originalPositions the length that the model was first trained for
 */
record YarnScaling(
        double factor, double betaFast, double betaSlow, boolean truncate, int originalPositions) {

    float[] frequencies(double theta, int dim) {
        double low = rampIndex(betaFast, theta, dim);
        double high = rampIndex(betaSlow, theta, dim);
        if (truncate) {
            low = Math.floor(low);
            high = Math.ceil(high);
        }
        low = Math.max(low, 0);
        high = Math.min(high, dim - 1);
        if (low == high) {
            high += 0.001; // as the original does, against a division by zero
        }
        float[] wavelengths = Frequencies.wavelengths((float) theta, dim);
        float[] frequencies = new float[wavelengths.length];
        for (int i = 0; i < frequencies.length; i++) {
            float ramp = Math.min(Math.max((i - (float) low) / (float) (high - low), 0f), 1f);
            float keep = 1f - ramp;
            float interpolated = 1f / ((float) factor * wavelengths[i]);
            float extrapolated = 1f / wavelengths[i];
            frequencies[i] = interpolated * (1f - keep) + extrapolated * keep;
        }
        return frequencies;
    }

    /** The index whose frequency makes this many turns within the original length. */
    private double rampIndex(double turns, double theta, int dim) {
        return dim * Math.log(originalPositions / (turns * 2 * Math.PI)) / (2 * Math.log(theta));
    }

    /**
     * Returns what sines and cosines are multiplied by where the configuration does not say.
     *
     * @param scale how far the length is stretched
     * @param mscale weight of the logarithm
     * @return 1 where nothing is stretched
     */
    static double attentionFactor(double scale, double mscale) {
        return scale <= 1 ? 1 : 0.1 * mscale * Math.log(scale) + 1;
    }
}
