/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.arch;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

/** How close two float32 implementations must be that add in different orders. */
final class Closeness {

    private Closeness() {}

    /** Asserts a largest difference of 1e-3 and a relative L2 norm of the difference of 1e-4. */
    static void assertClose(float[] actual, float[] expected, String label) {
        assertEquals(actual.length, expected.length, label);
        double largest = 0;
        double difference = 0;
        double norm = 0;
        for (int i = 0; i < expected.length; i++) {
            double d = (double) actual[i] - expected[i];
            assertTrue(Float.isFinite(actual[i]), label + " at " + i + " is " + actual[i]);
            largest = Math.max(largest, Math.abs(d));
            difference += d * d;
            norm += (double) expected[i] * expected[i];
        }
        double relative = Math.sqrt(difference / norm);
        assertTrue(
                largest <= 1e-3 && relative <= 1e-4,
                label + ": largest difference " + largest + ", relative L2 " + relative);
    }
}
