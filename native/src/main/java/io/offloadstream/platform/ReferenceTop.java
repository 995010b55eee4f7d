/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import java.nio.ByteBuffer;

/** The largest values of a row in Java: the specification of {@link Kernels#top}. */
final class ReferenceTop {

    private ReferenceTop() {}

    static void find(long x, int count, int begin, int wanted, long values, long places) {
        ByteBuffer row = HostMemory.view(x, Math.multiplyExact(4, count));
        float[] largest = new float[wanted];
        int[] found = new int[wanted];
        int have = 0;
        for (int i = 0; i < count; i++) {
            float value = row.getFloat(4 * i);
            float ranked = Float.isNaN(value) ? Float.POSITIVE_INFINITY : value;
            if (have == wanted && ranked <= largest[wanted - 1]) {
                continue;
            }
            have = Math.min(have + 1, wanted);
            int place = have - 1;
            for (; place > 0 && ranked > largest[place - 1]; place--) {
                largest[place] = largest[place - 1];
                found[place] = found[place - 1];
            }
            largest[place] = ranked;
            found[place] = begin + i;
        }
        for (int i = have; i < wanted; i++) {
            largest[i] = Float.NEGATIVE_INFINITY;
            found[i] = -1;
        }
        FloatRows.store(largest, values, wanted);
        HostMemory.view(places, 4 * wanted).asIntBuffer().put(found);
    }
}
