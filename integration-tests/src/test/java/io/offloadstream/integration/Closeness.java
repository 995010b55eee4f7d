/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

/** How near two results are: the limits that every numerical claim is held to. */
final class Closeness {

    private static final double RELATIVE_LIMIT = 1e-4;
    private static final double ABSOLUTE_LIMIT = 1e-3;

    private Closeness() {}

    /**
     * Compares rows where the mask is 1.
     *
     * @param mask one byte per row, null for all rows
     */
    static void assertClose(float[] actual, float[] expected, byte[] mask, String what) {
        assertEquals(actual.length, expected.length, what + ": length");
        int rows = mask == null ? 1 : mask.length;
        int width = actual.length / rows;
        double difference = 0;
        double norm = 0;
        double largest = 0;
        for (int i = 0; i < actual.length; i++) {
            assertTrue(Float.isFinite(actual[i]), what + ": not finite at " + i);
            if (mask == null || mask[i / width] == 1) {
                double d = actual[i] - (double) expected[i];
                difference += d * d;
                norm += (double) expected[i] * expected[i];
                largest = Math.max(largest, Math.abs(d));
            }
        }
        double relative = Math.sqrt(difference / norm);
        assertTrue(
                relative <= RELATIVE_LIMIT && largest <= ABSOLUTE_LIMIT,
                what + ": relative L2 " + relative + ", largest difference " + largest);
    }

    /** Returns ||actual - expected|| / ||expected||. */
    static double relative(float[] actual, float[] expected) {
        assertEquals(actual.length, expected.length, "length");
        double difference = 0;
        double norm = 0;
        for (int i = 0; i < actual.length; i++) {
            double d = actual[i] - (double) expected[i];
            difference += d * d;
            norm += (double) expected[i] * expected[i];
        }
        return Math.sqrt(difference / norm);
    }

    /** Returns the mean over rows of KL(original || copy), in nats. */
    static double divergence(float[] original, float[] copy, int rows) {
        int width = original.length / rows;
        double sum = 0;
        for (int row = 0; row < rows; row++) {
            double[] p = logSoftmax(original, row * width, width);
            double[] q = logSoftmax(copy, row * width, width);
            for (int i = 0; i < width; i++) {
                sum += Math.exp(p[i]) * (p[i] - q[i]);
            }
        }
        return sum / rows;
    }

    private static double[] logSoftmax(float[] logits, int begin, int width) {
        double most = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < width; i++) {
            most = Math.max(most, logits[begin + i]);
        }
        double sum = 0;
        for (int i = 0; i < width; i++) {
            sum += Math.exp(logits[begin + i] - most);
        }
        double[] result = new double[width];
        for (int i = 0; i < width; i++) {
            result[i] = logits[begin + i] - most - Math.log(sum);
        }
        return result;
    }
}
