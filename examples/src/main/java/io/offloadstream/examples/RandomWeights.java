/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Random bfloat16 values at the speed of a disk: a table of 4096 evenly spread values, and five
 * draws from it per 64-bit random number (SplitMix64, so a seed always gives the same bytes).
 */
final class RandomWeights {

    private static final VarHandle SHORT =
            MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final int TABLE_BITS = 12;
    private static final int TABLE_SIZE = 1 << TABLE_BITS;
    private static final int DRAWS = 5;

    private final short[] table = new short[TABLE_SIZE];
    private long state;

    /**
     * Starts a generator.
     *
     * @param seed of the values
     */
    RandomWeights(long seed) {
        state = seed;
    }

    /**
     * Sets the spread of what follows.
     *
     * @param deviation standard deviation of the values, which are uniform around zero
     */
    void setDeviation(double deviation) {
        double bound = deviation * Math.sqrt(3);
        for (int i = 0; i < TABLE_SIZE; i++) {
            double value = bound * ((i + 0.5) * 2 / TABLE_SIZE - 1);
            table[i] = bfloat16((float) value);
        }
    }

    /**
     * Fills memory with values.
     *
     * @param target where to
     * @param sizeBytes how much of it, even
     */
    void fill(byte[] target, int sizeBytes) {
        int at = 0;
        while (at < sizeBytes) {
            long bits = next();
            for (int i = 0; i < DRAWS && at < sizeBytes; i++, at += Short.BYTES) {
                SHORT.set(target, at, table[(int) bits & (TABLE_SIZE - 1)]);
                bits >>>= TABLE_BITS;
            }
        }
    }

    /**
     * Fills memory with one value.
     *
     * @param target where to
     * @param sizeBytes how much of it, even
     * @param value the value
     */
    static void fill(byte[] target, int sizeBytes, float value) {
        for (int at = 0; at < sizeBytes; at += Short.BYTES) {
            SHORT.set(target, at, bfloat16(value));
        }
    }

    private static short bfloat16(float value) {
        return (short) (Float.floatToRawIntBits(value) >>> 16);
    }

    // Source: Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators (2014).
    private long next() {
        state += 0x9E3779B97F4A7C15L;
        long z = state;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
