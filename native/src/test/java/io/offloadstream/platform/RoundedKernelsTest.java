/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import java.nio.ByteBuffer;
import java.util.List;
import org.testng.SkipException;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** Products of activations rounded to bfloat16: of every instruction set, and of the reference. */
public class RoundedKernelsTest {

    private static final int[] COLUMNS = {1, 2, 7, 31, 32, 33, 63, 64, 65, 95, 96, 100, 257, 1056};
    private static final int[] OUTS = {1, 2, 3, 4, 5, 8, 13, 33, 64, 100};
    private static final int[] ROWS = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 25};

    /** Infinities, NaN with a payload, the largest values, and ties of both kinds. */
    private static final int[] SPECIAL = {
        0,
        0x80000000,
        0x7f800000,
        0xff800000,
        0x7f800001,
        0xffc12345,
        0x7f7fffff,
        0xff7f8000,
        0x00000001,
        0x807fffff,
        0x00008000,
        0x00018000,
        0x3f808000,
        0x3f818000,
        0x3f808001
    };

    private static final int BF16 = DType.BF16.code();

    private final ReferenceKernels reference = new ReferenceKernels();

    @DataProvider
    Object[][] instructionSets() {
        return KernelData.everyInstructionSet();
    }

    private static int one(KernelData data, int[] values) {
        return values[data.random.nextInt(values.length)];
    }

    /** A product of random shape, packed too where the shape allows. */
    private static final class Product {
        final KernelData data;
        final int rows;
        final int in;
        final int out;
        final int stride;
        final long x;
        final long weight;
        final long bias;
        final PackedData packed;

        Product(KernelData data, boolean finite, int rows, int in, int out) {
            this.data = data;
            this.rows = rows;
            this.in = in;
            this.out = out;
            stride = out + data.random.nextInt(3);
            x = data.floats(rows * in, DType.F32, 4 * data.random.nextInt(4));
            if (!finite) {
                ByteBuffer values = HostMemory.view(x, 4 * rows * in);
                for (int i = 0; i < rows * in; i += 1 + data.random.nextInt(2 * in)) {
                    values.putInt(4 * i, one(data, SPECIAL));
                }
            }
            packed = in % 32 == 0 ? new PackedData(data, out, in, 50, finite) : null;
            weight =
                    packed == null
                            ? data.floats(in * out, DType.BF16, data.random.nextInt(9))
                            : packed.plain;
            bias = data.random.nextBoolean() ? data.floats(out, DType.F16, 1) : 0;
        }

        Product(KernelData data, boolean finite) {
            this(data, finite, one(data, ROWS), one(data, COLUMNS), one(data, OUTS));
        }

        /** Rounded activations; an odd address for halves, where they are. */
        long rounded(Kernels kernels) {
            int bytes = kernels.roundedBytes();
            long rounded = data.zeros((long) bytes * rows * in, bytes * data.random.nextInt(3));
            kernels.round(x, (long) rows * in, rounded);
            return rounded;
        }

        /** Room for some rows more than are asked for, which are to be left alone. */
        int size() {
            return (rows + 4) * stride;
        }

        void multiply(Kernels k, long rounded, int first, int count, long y, int begin, int end) {
            long from = rounded + (long) k.roundedBytes() * first * in;
            long to = y + 4L * first * stride;
            int type = DType.F16.code();
            k.linearRounded(from, count, in, weight, 0, 0, bias, type, to, stride, begin, end);
        }

        void multiplyPacked(Kernels k, long rounded, long y, int begin, int end) {
            int type = DType.F16.code();
            k.linearRounded(
                    rounded,
                    rows,
                    in,
                    packed.packed,
                    packed.escapes,
                    0,
                    bias,
                    type,
                    y,
                    stride,
                    begin,
                    end);
        }

        @Override
        public String toString() {
            return rows + "x" + in + "x" + out + (bias == 0 ? "" : " with bias");
        }
    }

    /** As float32 bits, wherever they are kept. */
    private static int[] roundedBits(Kernels kernels, long rounded, int count) {
        int bytes = kernels.roundedBytes();
        ByteBuffer values = HostMemory.view(rounded, bytes * count);
        int[] bits = new int[count];
        for (int i = 0; i < count; i++) {
            bits[i] = bytes == 2 ? values.getShort(2 * i) << 16 : values.getInt(4 * i);
        }
        return bits;
    }

    @Test(dataProvider = "instructionSets")
    public void activationsAreRoundedToNearestEven(String instructionSet) {
        for (Kernels kernels : List.of(KernelData.kernels(instructionSet), reference)) {
            for (int count : new int[] {1, 15, 16, 17, 1000}) {
                try (KernelData data = new KernelData(count)) {
                    long x = data.zeros(4L * count, 4);
                    ByteBuffer values = HostMemory.view(x, 4 * count);
                    int[] expected = new int[count];
                    for (int i = 0; i < count; i++) {
                        boolean odd = data.random.nextInt(3) == 0;
                        int bits = odd ? one(data, SPECIAL) : data.random.nextInt();
                        values.putInt(4 * i, bits);
                        expected[i] = HalfFloat.toBf16(Float.intBitsToFloat(bits)) << 16;
                    }
                    int bytes = kernels.roundedBytes();
                    long y = data.zeros((long) bytes * (count + 1), bytes);
                    kernels.round(x, count, y);
                    assertEquals(roundedBits(kernels, y, count + 1)[count], 0, "one too many");
                    assertEquals(roundedBits(kernels, y, count), expected, kernels.name());
                }
            }
        }
    }

    /** Against sums in double of the rounded values. */
    @Test(dataProvider = "instructionSets")
    public void productsAreThoseOfTheRoundedValues(String instructionSet) {
        for (Kernels kernels : List.of(KernelData.kernels(instructionSet), reference)) {
            for (int round = 0; round < 150; round++) {
                try (KernelData data = new KernelData(round)) {
                    Product p = new Product(data, true);
                    int begin = data.random.nextInt(p.out);
                    int end = begin + data.random.nextInt(p.out - begin + 1);
                    long y = data.floats(p.size());
                    float[] expected = KernelData.read(y, p.size());
                    p.multiply(kernels, p.rounded(kernels), 0, p.rows, y, begin, end);
                    inDouble(p, expected, begin, end);
                    long e = data.floats(p.size());
                    FloatRows.store(expected, e, p.size());
                    float tolerance = 1e-6f * (float) Math.sqrt(p.in);
                    data.assertClose(y, e, p.size(), tolerance, kernels.name() + " " + p);
                }
            }
        }
    }

    private static void inDouble(Product p, float[] y, int begin, int end) {
        float[] x = KernelData.read(p.x, p.rows * p.in);
        float[] w = new float[p.out * p.in];
        float[] bias = new float[p.out];
        FloatRows.load(p.weight, BF16, w, w.length);
        if (p.bias != 0) {
            FloatRows.load(p.bias, DType.F16.code(), bias, p.out);
        }
        for (int r = 0; r < p.rows; r++) {
            for (int o = begin; o < end; o++) {
                double sum = bias[o];
                for (int i = 0; i < p.in; i++) {
                    float input = HalfFloat.fromBf16(HalfFloat.toBf16(x[r * p.in + i]));
                    sum += (double) input * w[o * p.in + i];
                }
                y[r * p.stride + o] = (float) sum;
            }
        }
    }

    /** A row at a time is what decoding does, many are a prompt. */
    @Test(dataProvider = "instructionSets")
    public void bitsAreTheSameHoweverAProductIsSplit(String instructionSet) {
        Kernels kernels = KernelData.kernels(instructionSet);
        for (int round = 0; round < 200; round++) {
            try (KernelData data = new KernelData(round)) {
                Product p = new Product(data, round % 3 != 0);
                long rounded = p.rounded(kernels);
                long whole = data.floats(p.size());
                long split = data.zeros(4L * p.size(), 0);
                KernelData.copy(whole, split, p.size());
                p.multiply(kernels, rounded, 0, p.rows, whole, 0, p.out);
                for (int row = 0; row < p.rows; ) {
                    int count = 1 + data.random.nextInt(p.rows - row);
                    for (int begin = 0; begin < p.out; ) {
                        int end = begin + 1 + data.random.nextInt(p.out - begin);
                        p.multiply(kernels, rounded, row, count, split, begin, end);
                        begin = end;
                    }
                    row += count;
                }
                data.assertSameSums(split, whole, p.size(), instructionSet + " " + p);
            }
        }
    }

    @Test(dataProvider = "instructionSets")
    public void packedWeightsGiveTheBitsOfPlainOnes(String instructionSet) {
        int escapes = 0;
        for (Kernels kernels : List.of(KernelData.kernels(instructionSet), reference)) {
            for (int round = 0; round < 150; round++) {
                try (KernelData data = new KernelData(round)) {
                    int in = 32 * (1 + data.random.nextInt(40));
                    Product p = new Product(data, round % 3 != 0, one(data, ROWS), in, 37);
                    escapes += p.packed.escapeCount;
                    comparePacked(kernels, p);
                }
            }
            for (int in : new int[] {8_192, 10_912, 70_016}) {
                for (int rows : new int[] {3, in < 20_000 ? 131 : 9}) {
                    try (KernelData data = new KernelData(in + rows)) {
                        comparePacked(kernels, new Product(data, true, rows, in, 5));
                    }
                }
            }
        }
        assertTrue(escapes > 1000, "escapes: " + escapes);
    }

    private static void comparePacked(Kernels kernels, Product p) {
        int begin = p.data.random.nextInt(p.out);
        long plain = p.data.floats(p.size());
        long packed = p.data.zeros(4L * p.size(), 0);
        KernelData.copy(plain, packed, p.size());
        long rounded = p.rounded(kernels);
        p.multiply(kernels, rounded, 0, p.rows, plain, begin, p.out);
        p.multiplyPacked(kernels, rounded, packed, begin, p.out);
        p.data.assertSameSums(packed, plain, p.size(), kernels.name() + " " + p);
    }

    /** Without pairs: nothing but rounding sets these products apart from float32 ones. */
    @Test(dataProvider = "instructionSets")
    public void roundedFloatsAreMultipliedAsFloats(String instructionSet) {
        Kernels kernels = KernelData.kernels(instructionSet);
        if (kernels.roundedBytes() != 4) {
            throw new SkipException(instructionSet + " multiplies pairs");
        }
        for (int round = 0; round < 60; round++) {
            try (KernelData data = new KernelData(round)) {
                Product p = new Product(data, false);
                long rounded = p.rounded(kernels);
                long actual = data.floats(p.size());
                long expected = data.zeros(4L * p.size(), 0);
                KernelData.copy(actual, expected, p.size());
                p.multiply(kernels, rounded, 0, p.rows, actual, 0, p.out);
                int type = DType.F16.code();
                kernels.linear(
                        rounded, p.rows, p.in, p.weight, BF16, p.bias, type, expected, p.stride, 0,
                        p.out);
                data.assertSameSums(actual, expected, p.size(), instructionSet + " " + p);
            }
        }
    }

    /**
     * The instruction, to the last bit: the second element of a pair is added before the first,
     * each fused, with subnormals as zeros on both sides (Intel SDM, VDPBF16PS).
     */
    @Test(dataProvider = "instructionSets")
    public void pairsAreAddedAsTheInstructionDoes(String instructionSet) {
        Kernels kernels = KernelData.kernels(instructionSet);
        if (!instructionSet.equals("avx512bf16")) {
            assertEquals(kernels.roundedBytes(), 4, instructionSet);
            throw new SkipException(instructionSet + " does not multiply pairs");
        }
        assertEquals(kernels.roundedBytes(), 2);
        for (int round = 0; round < 150; round++) {
            try (KernelData data = new KernelData(round)) {
                Product p = new Product(data, round % 2 == 0);
                if (round % 4 == 0) {
                    shrink(p);
                }
                long rounded = p.rounded(kernels);
                long actual = data.zeros(4L * p.size(), 0);
                long expected = data.zeros(4L * p.size(), 0);
                p.multiply(kernels, rounded, 0, p.rows, actual, 0, p.out);
                FloatRows.store(inPairs(p), expected, p.size());
                data.assertSameSums(actual, expected, p.size(), instructionSet + " " + p);
            }
        }
    }

    /** Products around the least normal number, so that sums pass through subnormal ones. */
    private static void shrink(Product p) {
        float[] x = KernelData.read(p.x, p.rows * p.in);
        for (int i = 0; i < x.length; i++) {
            x[i] *= 0x1p-126f;
        }
        FloatRows.store(x, p.x, x.length);
    }

    private static float[] inPairs(Product p) {
        int lanes = 16;
        float[] x = KernelData.read(p.x, p.rows * p.in);
        float[] w = new float[p.out * p.in];
        float[] bias = new float[p.out];
        FloatRows.load(p.weight, BF16, w, w.length);
        if (p.bias != 0) {
            FloatRows.load(p.bias, DType.F16.code(), bias, p.out);
        }
        float[] y = new float[p.size()];
        for (int r = 0; r < p.rows; r++) {
            for (int o = 0; o < p.out; o++) {
                float[] sums = new float[lanes];
                for (int i = 0; i < p.in; i += 2) {
                    int lane = i / 2 % lanes;
                    for (int j = Math.min(i + 1, p.in - 1); j >= i; j--) {
                        float rounded = HalfFloat.fromBf16(HalfFloat.toBf16(x[r * p.in + j]));
                        float a = flushed(rounded);
                        sums[lane] = flushed(Math.fma(a, flushed(w[o * p.in + j]), sums[lane]));
                    }
                }
                for (int half = lanes / 2; half > 0; half /= 2) {
                    for (int l = 0; l < half; l++) {
                        sums[l] += sums[l + half];
                    }
                }
                y[r * p.stride + o] = p.bias == 0 ? sums[0] : sums[0] + bias[o];
            }
        }
        return y;
    }

    private static float flushed(float value) {
        return Math.abs(value) < Float.MIN_NORMAL ? Math.copySign(0f, value) : value;
    }
}
