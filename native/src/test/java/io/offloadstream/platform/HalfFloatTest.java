/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import java.math.BigDecimal;
import java.util.Random;
import org.testng.annotations.Test;

/** Tests of {@link HalfFloat}. */
public class HalfFloatTest {

    @Test
    public void knownHalvesAreWidened() {
        assertEquals(HalfFloat.fromF16((short) 0x3c00), 1f);
        assertEquals(HalfFloat.fromF16((short) 0xc000), -2f);
        assertEquals(HalfFloat.fromF16((short) 0x7bff), 65504f);
        assertEquals(HalfFloat.fromF16((short) 0x0001), 0x1p-24f);
        assertEquals(HalfFloat.fromF16((short) 0x03ff), 1023 * 0x1p-24f);
        assertEquals(HalfFloat.fromF16((short) 0x0400), 0x1p-14f);
        assertEquals(HalfFloat.fromF16((short) 0x7c00), Float.POSITIVE_INFINITY);
        assertEquals(HalfFloat.fromF16((short) 0xfc00), Float.NEGATIVE_INFINITY);
        assertTrue(Float.isNaN(HalfFloat.fromF16((short) 0x7c01)));
        assertEquals(Float.floatToRawIntBits(HalfFloat.fromF16((short) 0x8000)), 0x80000000);
        assertEquals(HalfFloat.fromBf16((short) 0x3f80), 1f);
        assertEquals(HalfFloat.fromBf16((short) 0xc049), -3.140625f);
    }

    @Test
    public void everyHalfComesBack() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            short half = (short) bits;
            float wide = HalfFloat.fromF16(half);
            if (Float.isNaN(wide)) {
                assertTrue(Float.isNaN(HalfFloat.fromF16(HalfFloat.toF16(wide))));
            } else {
                assertEquals(HalfFloat.toF16(wide), half);
            }
            float brain = HalfFloat.fromBf16(half);
            if (Float.isNaN(brain)) {
                assertTrue(Float.isNaN(HalfFloat.fromBf16(HalfFloat.toBf16(brain))));
            } else {
                assertEquals(HalfFloat.toBf16(brain), half);
            }
        }
    }

    /** Against exact arithmetic: the nearest of the two neighbours, ties to the even one. */
    @Test
    public void narrowingRoundsToNearestEven() {
        long seed = 7;
        Random random = new Random(seed);
        for (int i = 0; i < 100_000; i++) {
            float value = Math.scalb(1 + random.nextFloat(), random.nextInt(42) - 26);
            if (i % 3 == 0) {
                // halfway between two halves
                int half = random.nextInt(0x7bff);
                value =
                        (HalfFloat.fromF16((short) half) + HalfFloat.fromF16((short) (half + 1)))
                                / 2;
            }
            int half = HalfFloat.toF16(value) & 0xffff;
            if (half < 0x7c00) {
                BigDecimal own = distance(value, half);
                for (int other : new int[] {half - 1, half + 1}) {
                    if (other >= 0 && other < 0x7c00) {
                        int order = own.compareTo(distance(value, other));
                        String what = "seed " + seed + ": " + value + " to " + half;
                        assertTrue(order < 0 || (order == 0 && half % 2 == 0), what);
                    }
                }
            } else {
                assertTrue(value >= 65520, "seed " + seed + ": " + value);
            }
        }
        assertEquals(HalfFloat.toF16(65519.996f), (short) 0x7bff);
        assertEquals(HalfFloat.toF16(65520f), (short) 0x7c00);
        assertEquals(HalfFloat.toF16(-0x1p-25f), (short) 0x8000);
        assertEquals(HalfFloat.toF16(-0x1.8p-25f), (short) 0x8001);
        assertEquals(HalfFloat.toBf16(Float.intBitsToFloat(0x3f808000)), (short) 0x3f80);
        assertEquals(HalfFloat.toBf16(Float.intBitsToFloat(0x3f818000)), (short) 0x3f82);
        assertEquals(HalfFloat.toBf16(Float.intBitsToFloat(0x3f808001)), (short) 0x3f81);
        assertEquals(HalfFloat.toBf16(Float.MAX_VALUE), (short) 0x7f80);
    }

    private static BigDecimal distance(float value, int half) {
        return new BigDecimal(value)
                .subtract(new BigDecimal(HalfFloat.fromF16((short) half)))
                .abs();
    }
}
