/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertNotEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ShortBuffer;
import org.testng.annotations.Test;

public class RandomWeightsTest {

    private static final int COUNT = 100_003;

    private static ShortBuffer values(long seed, double deviation) {
        RandomWeights weights = new RandomWeights(seed);
        weights.setDeviation(deviation);
        byte[] bytes = new byte[2 * COUNT];
        weights.fill(bytes, bytes.length);
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asShortBuffer();
    }

    @Test
    public void valuesHaveTheDeviationAskedFor() {
        ShortBuffer values = values(7, 0.02);
        double sum = 0;
        double squares = 0;
        for (int i = 0; i < COUNT; i++) {
            double value = Float.intBitsToFloat(values.get(i) << 16);
            sum += value;
            squares += value * value;
        }
        assertEquals(sum / COUNT, 0, 0.001);
        assertEquals(Math.sqrt(squares / COUNT), 0.02, 0.001);
    }

    @Test
    public void aSeedAlwaysGivesTheSameValues() {
        assertEquals(values(7, 1), values(7, 1));
        assertNotEquals(values(7, 1), values(8, 1));
    }

    @Test
    public void oneValueFillsAllOfIt() {
        byte[] bytes = new byte[6];
        RandomWeights.fill(bytes, 6, 1);
        assertEquals(bytes, new byte[] {(byte) 0x80, 0x3f, (byte) 0x80, 0x3f, (byte) 0x80, 0x3f});
    }
}
