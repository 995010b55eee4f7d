/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

/** Rounds to the 16-bit floating point types: to nearest, ties to even (bfloat16 from float32). */
final class Rounding {

    private static final int FLOAT16_INFINITY = 0x7c00;
    private static final int FLOAT16_NAN = 0x7e00;

    private Rounding() {}

    static short toFloat16(double value) {
        int sign = (int) (Double.doubleToRawLongBits(value) >>> 48) & 0x8000;
        double magnitude = Math.abs(value);
        if (Double.isNaN(magnitude)) {
            return (short) (sign | FLOAT16_NAN);
        }
        // 65520 lies halfway between the largest value and what would be the next
        if (magnitude >= 65520) {
            return (short) (sign | FLOAT16_INFINITY);
        }
        int exponent = Math.max(Math.getExponent(magnitude), -14);
        // in units of the last of 10 bits after the point; exact, for it scales by a power of two
        int units = (int) Math.rint(Math.scalb(magnitude, 10 - exponent));
        // a carry out of the 11 bits moves into the exponent, as it should
        int normal = units < 1 << 10 ? units : ((exponent + 14) << 10) + units;
        return (short) (sign | normal);
    }

    static short toBfloat16(double value) {
        float single = (float) value;
        int bits = Float.floatToRawIntBits(single);
        if (Float.isNaN(single)) {
            return (short) ((bits >>> 16) | 0x40);
        }
        return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
    }
}
