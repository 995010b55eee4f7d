/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

/** Activation functions in double precision, the measure for the vector versions. */
final class ReferenceActivation {

    private static final double SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);

    private ReferenceActivation() {}

    static float apply(int activation, float x) {
        // The codes of Activation; a switch over ints keeps this loop free of objects.
        return switch (activation) {
            case 0 -> (float) (x / (1 + Math.exp(-x)));
            case 1 -> (float) geluTanh(x);
            case 2 -> (float) (0.5 * x * erfc(-x / Math.sqrt(2)));
            case 3 -> Math.max(x, 0f);
            default ->
                    throw new IllegalArgumentException(
                            "activation code " + activation + " is not known; 0 to 3 are");
        };
    }

    /** {@code 1 + tanh(v) = 2 / (1 + exp(-2 v))}, which does not cancel for negative v. */
    private static double geluTanh(double x) {
        double v = SQRT_2_OVER_PI * (x + 0.044715 * x * x * x);
        return x / (1 + Math.exp(-2 * v));
    }

    /**
     * The complementary error function: below 2.5 from the series of erf whose terms are all
     * positive, above from the continued fraction (Abramowitz and Stegun 7.1.6 and 7.1.14).
     */
    static double erfc(double x) {
        double z = Math.abs(x);
        double upper;
        if (z < 2.5) {
            double term = z;
            double sum = z;
            for (int n = 1; term > 1e-18 * sum; n++) {
                term *= 2 * z * z / (2 * n + 1);
                sum += term;
            }
            upper = 1 - 2 / Math.sqrt(Math.PI) * Math.exp(-z * z) * sum;
        } else {
            double fraction = z;
            for (int n = 60; n > 0; n--) {
                fraction = z + 0.5 * n / fraction;
            }
            upper = Math.exp(-z * z) / (Math.sqrt(Math.PI) * fraction);
        }
        return x < 0 ? 2 - upper : upper;
    }
}
