/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

/** Conversions between float32 and the shorter types, rounding to nearest even. */
public final class HalfFloat {

    private HalfFloat() {}

    /**
     * Widens an IEEE 754 binary16 number.
     *
     * @param half its bits
     * @return the same number; subnormals, infinities and NaN payloads included
     */
    public static float fromF16(short half) {
        int magnitude = (half & 0x7fff) << 13;
        int sign = (half & 0x8000) << 16;
        if (magnitude >= 0x0f800000) {
            return Float.intBitsToFloat(sign | magnitude | 0x7f800000);
        }
        // The exponent bias differs by 112; multiplying also normalises subnormals, exactly.
        float value = Float.intBitsToFloat(magnitude) * 0x1p112f;
        return Float.intBitsToFloat(sign | Float.floatToRawIntBits(value));
    }

    /**
     * Narrows to IEEE 754 binary16.
     *
     * @param value any float
     * @return the nearest half, ties to even; infinity from 65520; NaN stays a (quiet) NaN
     */
    public static short toF16(float value) {
        int bits = Float.floatToRawIntBits(value);
        int sign = (bits >>> 16) & 0x8000;
        int magnitude = bits & 0x7fffffff;
        int half;
        if (magnitude > 0x7f800000) {
            half = 0x7e00 | ((magnitude >>> 13) & 0x3ff);
        } else if (magnitude >= 0x477ff000) {
            half = 0x7c00;
        } else if (magnitude < 0x38800000) {
            // Below 2^-14 halves are multiples of 2^-24, which is what one ulp of 0.5 is.
            float sum = Float.intBitsToFloat(magnitude) + 0.5f;
            half = Float.floatToRawIntBits(sum) - 0x3f000000;
        } else {
            half = (magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13;
        }
        return (short) (sign | half);
    }

    /**
     * Widens a float8 number of 4 bits of exponent and 3 of mantissa, that has no infinity
     * (E4M3FN).
     *
     * @param bits its bits
     * @return the same number, subnormals included; NaN for 0x7f and 0xff
     */
    public static float fromE4m3(byte bits) {
        int magnitude = bits & 0x7f;
        if (magnitude == 0x7f) {
            return Float.NaN;
        }
        // The exponent bias differs by 120; multiplying also normalises subnormals, exactly.
        float value = Float.intBitsToFloat(magnitude << 20) * 0x1p120f;
        return bits < 0 ? -value : value;
    }

    /**
     * Widens a bfloat16 number.
     *
     * @param bits the upper half of a float32
     * @return the same number
     */
    public static float fromBf16(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    /**
     * Narrows to bfloat16.
     *
     * @param value any float
     * @return the nearest bfloat16, ties to even; NaN stays a (quiet) NaN
     */
    public static short toBf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if ((bits & 0x7fffffff) > 0x7f800000) {
            return (short) ((bits >>> 16) | 0x40);
        }
        return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
    }
}
