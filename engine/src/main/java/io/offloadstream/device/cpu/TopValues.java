/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.cpu;

import java.nio.FloatBuffer;
import java.nio.IntBuffer;

/** The largest values of a row, for the few that a sampler wants. */
final class TopValues {

    private TopValues() {}

    /**
     * Finds them.
     *
     * @param row to look through
     * @param begin added to the places
     * @param values receives the largest, the largest first; positive infinity for what is no
     *     number
     * @param places receives where they are, the first of equal ones; -1 beyond the row
     */
    static void find(FloatBuffer row, int begin, FloatBuffer values, IntBuffer places) {
        int wanted = values.remaining();
        int found = 0;
        float least = Float.POSITIVE_INFINITY;
        int count = row.remaining();
        for (int i = 0; i < count; i++) {
            float value = row.get(i);
            float ranked = Float.isNaN(value) ? Float.POSITIVE_INFINITY : value;
            if (found < wanted || ranked > least) {
                int place = found < wanted ? found++ : found - 1;
                while (place > 0 && ranked > values.get(place - 1)) {
                    values.put(place, values.get(place - 1));
                    places.put(place, places.get(place - 1));
                    place--;
                }
                values.put(place, ranked);
                places.put(place, begin + i);
                least = values.get(found - 1);
            }
        }
        for (int i = found; i < wanted; i++) {
            values.put(i, Float.NEGATIVE_INFINITY);
            places.put(i, -1);
        }
    }
}
