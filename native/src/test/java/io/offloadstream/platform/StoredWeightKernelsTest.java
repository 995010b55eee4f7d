/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import static org.testng.Assert.assertEquals;

import java.nio.ByteBuffer;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** Weights with scales: their formulas, and float8 products of every instruction set. */
public class StoredWeightKernelsTest {

    private static final int[] INS = {1, 15, 17, 100, 127, 128, 129, 255, 257, 300};
    private static final int[] OUTS = {1, 3, 8, 21, 127, 129, 140, 260};

    private final ReferenceKernels reference = new ReferenceKernels();

    @DataProvider
    Object[][] instructionSets() {
        return KernelData.everyInstructionSet();
    }

    private static final class Scaled {

        final KernelData data;
        final int rows;
        final int in;
        final int out;
        final long x;
        final long weight;
        final long scales;
        final long bias;

        Scaled(KernelData data) {
            this.data = data;
            rows = data.random.nextInt(14);
            in = INS[data.random.nextInt(INS.length)];
            out = OUTS[data.random.nextInt(OUTS.length)];
            x = data.floats(rows * in);
            weight = data.float8(in * out, data.random.nextInt(9));
            scales = scales();
            bias = data.random.nextBoolean() ? data.floats(out, DType.BF16, 1) : 0;
        }

        /** About 1/448, so that weights are of size 1. */
        private long scales() {
            int count = (out + 127) / 128 * ((in + 127) / 128);
            float[] values = new float[count];
            for (int i = 0; i < count; i++) {
                values[i] = (0.5f + data.random.nextFloat()) / 448;
            }
            long address = data.zeros(4L * count, 0);
            FloatRows.store(values, address, count);
            return address;
        }

        void run(Kernels kernels, int first, int count, long y, int begin, int end) {
            kernels.linearScaled(
                    x + 4L * first * in,
                    count,
                    in,
                    weight,
                    scales,
                    bias,
                    DType.BF16.code(),
                    y + 4L * first * (out + 2),
                    out + 2,
                    begin,
                    end);
        }

        @Override
        public String toString() {
            return rows + "x" + in + "x" + out + (bias == 0 ? "" : " with bias");
        }
    }

    @Test(dataProvider = "instructionSets")
    public void scaledProductsMatchTheReference(String instructionSet) {
        Kernels kernels = KernelData.kernels(instructionSet);
        for (int round = 0; round < 200; round++) {
            try (KernelData data = new KernelData(round)) {
                Scaled p = new Scaled(data);
                int begin = data.random.nextInt(p.out);
                int end = begin + data.random.nextInt(p.out - begin + 1);
                int count = (p.rows + 4) * (p.out + 2); // rows behind the last are left alone
                long actual = data.floats(count);
                long expected = data.zeros(4L * count, 0);
                KernelData.copy(actual, expected, count);
                p.run(kernels, 0, p.rows, actual, begin, end);
                p.run(reference, 0, p.rows, expected, begin, end);
                float tolerance = 1e-6f * (float) Math.sqrt(p.in);
                data.assertClose(actual, expected, count, tolerance, p.toString());
            }
        }
    }

    @Test(dataProvider = "instructionSets")
    public void scaledProductsHaveTheSameBitsHoweverTheyAreSplit(String instructionSet) {
        scaledIsSplit(KernelData.kernels(instructionSet));
    }

    @Test
    public void scaledProductsOfTheReferenceHaveTheSameBitsHoweverTheyAreSplit() {
        scaledIsSplit(reference);
    }

    private static void scaledIsSplit(Kernels kernels) {
        for (int round = 0; round < 100; round++) {
            try (KernelData data = new KernelData(round)) {
                Scaled p = new Scaled(data);
                int count = p.rows * (p.out + 2);
                long whole = data.zeros(4L * count, 0);
                long split = data.zeros(4L * count, 0);
                p.run(kernels, 0, p.rows, whole, 0, p.out);
                for (int row = 0; row < p.rows; ) {
                    int some = 1 + data.random.nextInt(p.rows - row);
                    for (int begin = 0; begin < p.out; ) {
                        int end = begin + 1 + data.random.nextInt(p.out - begin);
                        p.run(kernels, row, some, split, begin, end);
                        begin = end;
                    }
                    row += some;
                }
                data.assertSameBits(split, whole, count, p.toString());
            }
        }
    }

    @Test(dataProvider = "instructionSets")
    public void float8HasEveryValue(String instructionSet) {
        Kernels kernels = KernelData.kernels(instructionSet);
        try (KernelData data = new KernelData(0)) {
            byte[] all = new byte[256];
            float[] one = {1};
            for (int i = 0; i < all.length; i++) {
                all[i] = (byte) i;
            }
            long x = data.zeros(4, 0);
            FloatRows.store(one, x, 1);
            long scales = data.zeros(8, 0);
            FloatRows.store(new float[] {1, 1}, scales, 2);
            long y = data.zeros(1024, 0);
            kernels.linearScaled(x, 1, 1, data.bytes(all), scales, 0, 0, y, 256, 0, 256);
            float[] actual = KernelData.read(y, 256);
            for (int i = 0; i < 256; i++) {
                assertEquals(actual[i] + 0f, float8(i) + 0f, "bits " + i);
            }
        }
    }

    /** The definition: 1.m * 2^(e - 7), or 0.m * 2^-6, all ones is NaN. */
    private static float float8(int bits) {
        int exponent = bits >> 3 & 15;
        int mantissa = bits & 7;
        float sign = bits > 127 ? -1 : 1;
        if (exponent == 15 && mantissa == 7) {
            return Float.NaN;
        }
        return sign
                * (exponent == 0
                        ? Math.scalb(mantissa / 8f, -6)
                        : Math.scalb(1 + mantissa / 8f, exponent - 7));
    }

    /** The reference by hand: scale 0.5 and -2, element j of a block. */
    @Test
    public void blocksHaveTheLayoutOfGguf() {
        try (KernelData data = new KernelData(0)) {
            byte[] q8 = new byte[68];
            byte[] q4 = new byte[36];
            ByteBuffer.wrap(q8).put(1, (byte) 0x38).put(35, (byte) 0xc0);
            ByteBuffer.wrap(q4).put(1, (byte) 0x38).put(19, (byte) 0xc0);
            for (int i = 0; i < 64; i++) {
                q8[2 + i % 32 + i / 32 * 34] = (byte) (3 * i - 100);
            }
            for (int i = 0; i < 32; i++) {
                q4[2 + i % 16 + i / 16 * 18] = (byte) (i % 16 | (15 - i / 2 % 16) << 4);
            }
            float[] eight = new float[64];
            float[] four = new float[64];
            FloatRows.load(data.bytes(q8), DType.Q8_0.code(), eight, 64);
            FloatRows.load(data.bytes(q4), DType.Q4_0.code(), four, 64);
            for (int i = 0; i < 64; i++) {
                float scale = i < 32 ? 0.5f : -2;
                assertEquals(eight[i], scale * (3 * i - 100), "Q8_0 element " + i);
                int pair = i / 32 * 16 + i % 16;
                int quant = i % 32 < 16 ? pair % 16 : 15 - pair / 2 % 16;
                assertEquals(four[i], scale * (quant - 8), "Q4_0 element " + i);
            }
        }
    }
}
