/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import io.offloadstream.platform.DType;
import io.offloadstream.platform.HalfFloat;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;

/**
 * A random weight as a file stores it, and what its elements mean by the formulas of the types in
 * plain Java: (rows, columns).
 */
final class StoredWeight {

    final DType type;
    final int rows;
    final int columns;
    final byte[] bytes;
    final double[] values;

    /** For F8_E4M3: (ceil(rows / 128), ceil(columns / 128)). */
    final float[] scales;

    private StoredWeight(DType type, int rows, int columns) {
        this.type = type;
        this.rows = rows;
        this.columns = columns;
        bytes = new byte[Math.toIntExact(rows * type.bytes(columns))];
        values = new double[rows * columns];
        scales = new float[type == DType.F8_E4M3 ? blocks(rows) * blocks(columns) : 0];
    }

    static StoredWeight random(Random random, DType type, int rows, int columns) {
        StoredWeight weight = new StoredWeight(type, rows, columns);
        ByteBuffer to = ByteBuffer.wrap(weight.bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < weight.scales.length; i++) {
            weight.scales[i] = 0.5f + random.nextFloat();
        }
        for (int i = 0; i < weight.values.length; i += type.blockElements()) {
            switch (type) {
                case F32, F16, BF16 -> weight.values[i] = element(random, type, to);
                case F8_E4M3 -> weight.values[i] = float8(random, to) * weight.scale(i);
                case Q8_0 -> weight.int8Block(random, to, i);
                default -> weight.int4Block(random, to, i);
            }
        }
        return weight;
    }

    private static double element(Random random, DType type, ByteBuffer to) {
        float value = (float) random.nextGaussian();
        if (type == DType.F32) {
            to.putFloat(value);
            return value;
        }
        short bits = type == DType.F16 ? HalfFloat.toF16(value) : HalfFloat.toBf16(value);
        to.putShort(bits);
        return type == DType.F16 ? HalfFloat.fromF16(bits) : HalfFloat.fromBf16(bits);
    }

    /** Every bit pattern but the two that are no numbers; exponent bias 7, subnormals below it. */
    private static double float8(Random random, ByteBuffer to) {
        int bits = random.nextInt(256);
        if ((bits & 0x7f) == 0x7f) {
            bits ^= 1;
        }
        to.put((byte) bits);
        int exponent = bits >> 3 & 15;
        int mantissa = bits & 7;
        double magnitude =
                exponent == 0
                        ? mantissa * Math.pow(2, -9)
                        : (8 + mantissa) * Math.pow(2, exponent - 10);
        return (bits & 0x80) == 0 ? magnitude : -magnitude;
    }

    private double scale(int index) {
        return scales[index / columns / 128 * blocks(columns) + index % columns / 128];
    }

    private void int8Block(Random random, ByteBuffer to, int begin) {
        short scale = HalfFloat.toF16((float) random.nextGaussian() / 64);
        to.putShort(scale);
        for (int i = 0; i < 32; i++) {
            byte q = (byte) random.nextInt(256);
            to.put(q);
            values[begin + i] = (double) HalfFloat.fromF16(scale) * q;
        }
    }

    private void int4Block(Random random, ByteBuffer to, int begin) {
        short scale = HalfFloat.toF16((float) random.nextGaussian() / 4);
        to.putShort(scale);
        for (int i = 0; i < 16; i++) {
            int pair = random.nextInt(256);
            to.put((byte) pair);
            values[begin + i] = (double) HalfFloat.fromF16(scale) * ((pair & 15) - 8);
            values[begin + i + 16] = (double) HalfFloat.fromF16(scale) * ((pair >> 4) - 8);
        }
    }

    private static int blocks(int elements) {
        return (elements + 127) / 128;
    }
}
