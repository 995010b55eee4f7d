/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.testng.SkipException;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** Products of int8 activations, of every instruction set and of the Java kernels. */
public class Int8KernelsTest {

    private static final int[] INS = {32, 64, 96, 128, 160, 480, 512, 544, 992, 1024, 1056, 1120};
    private static final int[] OUTS = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 65};
    private static final int[] ROWS = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 25, 128, 131};
    private static final DType[] TYPES = {DType.Q8_0, DType.Q4_0};

    @DataProvider
    Object[][] kernels() {
        Object[][] java = {{"java"}};
        Object[][] all = KernelData.everyInstructionSet();
        return Stream.concat(Arrays.stream(java), Arrays.stream(all)).toArray(Object[][]::new);
    }

    private static Kernels kernels(String name) {
        return name.equals("java") ? new ReferenceKernels() : KernelData.kernels(name);
    }

    /** A product of random shape; fields as the kernel's parameters. */
    private static final class Product {

        final KernelData data;
        final int rows;
        final int in;
        final int out;
        final DType type;
        final DType biasType = DType.BF16;
        final long x;
        final long weight;
        final long bias;
        final int stride;

        Product(KernelData data) {
            this(data, pick(data, ROWS), pick(data, INS), pick(data, OUTS));
        }

        Product(KernelData data, int rows, int in, int out) {
            this.data = data;
            this.rows = rows;
            this.in = in;
            this.out = out;
            type = TYPES[data.random.nextInt(2)];
            x = data.floats(rows * in, DType.F32, 4 * data.random.nextInt(4));
            weight = data.blocks(out, in, type, data.random.nextInt(9));
            bias = data.random.nextBoolean() ? data.floats(out, biasType, 1) : 0;
            stride = out + data.random.nextInt(3);
        }

        private static int pick(KernelData data, int... from) {
            return from[data.random.nextInt(from.length)];
        }

        int size() {
            return (rows + 4) * stride;
        }

        long quantized(Kernels kernels) {
            // not even a vector's alignment
            long rounded = data.zeros(rows * Int8Rows.sizeBytes(in), 4);
            kernels.quantizeRows(x, rows, in, rounded);
            return rounded;
        }

        void run(Kernels kernels, long rounded, int first, int count, long y, int begin, int end) {
            kernels.linearInt8(
                    rounded + first * Int8Rows.sizeBytes(in),
                    count,
                    in,
                    weight,
                    type.code(),
                    bias,
                    biasType.code(),
                    y + 4L * first * stride,
                    stride,
                    begin,
                    end);
        }

        /** By the definition, in double. */
        double expected(int row, int o) {
            float[] inputs = KernelData.read(x + 4L * row * in, in);
            float[] weights = new float[in];
            FloatRows.load(weight + o * type.bytes(in), type.code(), weights, in);
            double sum = 0;
            for (int begin = 0; begin < in; begin += 32) {
                float most = 0;
                for (int i = begin; i < begin + 32; i++) {
                    most = Math.max(most, Math.abs(inputs[i]));
                }
                for (int i = begin; i < begin + 32 && most > 0; i++) {
                    sum += most / 127.0 * Math.rint(inputs[i] * (127 / most)) * weights[i];
                }
            }
            float[] offset = new float[1];
            if (bias != 0) {
                FloatRows.load(bias + biasType.bytes(o), biasType.code(), offset, 1);
            }
            return sum + offset[0];
        }

        @Override
        public String toString() {
            return rows + "x" + in + "x" + out + " " + type + (bias == 0 ? "" : " with bias");
        }
    }

    @Test(dataProvider = "kernels")
    public void productsAreThoseOfTheDefinition(String name) {
        Kernels kernels = kernels(name);
        for (int round = 0; round < 200; round++) {
            try (KernelData data = new KernelData(round)) {
                Product p = new Product(data);
                int begin = data.random.nextInt(p.out);
                int end = begin + data.random.nextInt(p.out - begin + 1);
                long y = data.floats(p.size());
                float[] before = KernelData.read(y, p.size());
                p.run(kernels, p.quantized(kernels), 0, p.rows, y, begin, end);
                float[] after = KernelData.read(y, p.size());
                for (int i = 0; i < after.length; i++) {
                    int row = i / p.stride;
                    int o = i % p.stride;
                    boolean inside = row < p.rows && o >= begin && o < end;
                    double expected = inside ? p.expected(row, o) : before[i];
                    assertEquals(
                            after[i],
                            expected,
                            inside ? 1e-6 * Math.sqrt(p.in) : 0,
                            data.seed + p + ", row " + row + ", output " + o);
                }
            }
        }
    }

    @Test(dataProvider = "kernels")
    public void productsHaveTheSameBitsHoweverTheyAreSplit(String name) {
        Kernels kernels = kernels(name);
        for (int round = 0; round < 200; round++) {
            try (KernelData data = new KernelData(round)) {
                Product p = new Product(data);
                long whole = data.zeros(4L * p.size(), 0);
                long split = data.zeros(4L * p.size(), 0);
                long rounded = p.quantized(kernels);
                p.run(kernels, rounded, 0, p.rows, whole, 0, p.out);
                for (int row = 0; row < p.rows; ) {
                    int count = 1 + data.random.nextInt(Math.min(9, p.rows - row));
                    for (int begin = 0; begin < p.out; ) {
                        int end = begin + 1 + data.random.nextInt(p.out - begin);
                        p.run(kernels, rounded, row, count, split, begin, end);
                        begin = end;
                    }
                    row += count;
                }
                data.assertSameBits(split, whole, p.size(), p.toString());
            }
        }
    }

    @Test(dataProvider = "kernels")
    public void productsHaveTheSameBitsAtEveryAlignment(String name) {
        Kernels kernels = kernels(name);
        for (int rows : new int[] {1, 9}) {
            try (KernelData data = new KernelData(rows)) {
                Product p = new Product(data, rows, 160, 21);
                int weightBytes = Math.toIntExact(p.out * p.type.bytes(p.in));
                long rounded = p.quantized(kernels);
                long expected = data.zeros(4L * p.size(), 0);
                p.run(kernels, rounded, 0, rows, expected, 0, p.out);
                for (int misalignment = 0; misalignment < 64; misalignment++) {
                    long moved = data.zeros(weightBytes, misalignment);
                    HostMemory.view(moved, weightBytes)
                            .put(KernelData.readBytes(p.weight, weightBytes));
                    long y = data.zeros(4L * p.size(), misalignment & -4);
                    kernels.linearInt8(
                            rounded,
                            rows,
                            p.in,
                            moved,
                            p.type.code(),
                            p.bias,
                            p.biasType.code(),
                            y,
                            p.stride,
                            0,
                            p.out);
                    data.assertSameBits(y, expected, p.size(), p + "+" + misalignment);
                }
            }
        }
    }

    /** Whether integer units multiply and add in one instruction is not to be seen. */
    @Test
    public void productsHaveTheSameBitsWithAndWithoutDotInstructions() {
        List<String> names =
                Arrays.stream(KernelData.everyInstructionSet()).map(n -> (String) n[0]).toList();
        boolean avx = names.contains("avx512vnni");
        if (!avx && !names.contains("neondot")) {
            throw new SkipException("this machine has no dot instructions: " + names);
        }
        for (int round = 0; round < 100; round++) {
            try (KernelData data = new KernelData(round)) {
                Product p = new Product(data);
                long with = data.zeros(4L * p.size(), 0);
                long without = data.zeros(4L * p.size(), 0);
                Kernels dot = kernels(avx ? "avx512vnni" : "neondot");
                p.run(dot, p.quantized(dot), 0, p.rows, with, 0, p.out);
                Kernels plain = kernels(avx ? "avx512" : "neon");
                p.run(plain, p.quantized(plain), 0, p.rows, without, 0, p.out);
                data.assertSameBits(with, without, p.size(), p.toString());
            }
        }
    }

    /** Where sums of 16 bits would saturate, or the negative of -128 would. */
    @Test(dataProvider = "kernels")
    public void extremesDoNotSaturate(String name) {
        Kernels kernels = kernels(name);
        int in = 288;
        int[] least = {-128, -8};
        int[] most = {127, 7};
        for (int rows : new int[] {1, 4, 9}) {
            for (int t = 0; t < TYPES.length; t++) {
                for (int quant : new int[] {least[t], most[t], 0}) {
                    for (float value : new float[] {3, -3}) {
                        try (KernelData data = new KernelData(0)) {
                            float[] inputs = new float[rows * in];
                            Arrays.fill(inputs, value);
                            long x = data.zeros(4L * rows * in, 0);
                            FloatRows.store(inputs, x, inputs.length);
                            long rounded = data.zeros(rows * Int8Rows.sizeBytes(in), 0);
                            kernels.quantizeRows(x, rows, in, rounded);
                            long weight = constant(data, TYPES[t], in, 3, quant);
                            long y = data.zeros(12L * rows, 0);
                            int code = TYPES[t].code();
                            kernels.linearInt8(rounded, rows, in, weight, code, 0, 0, y, 3, 0, 3);
                            for (float sum : KernelData.read(y, 3 * rows)) {
                                double expected = (double) value * quant * in / 2;
                                assertEquals(
                                        sum,
                                        expected,
                                        1e-6 * Math.abs(expected),
                                        TYPES[t] + " " + quant + " times " + value);
                            }
                        }
                    }
                }
            }
        }
    }

    /** A weight whose elements are all quant / 2. */
    private static long constant(KernelData data, DType type, int in, int out, int quant) {
        byte[] bytes = new byte[Math.toIntExact(out * type.bytes(in))];
        int blockBytes = Math.toIntExact(type.bytes(32));
        int pair = quant + 8;
        Arrays.fill(bytes, (byte) (type == DType.Q8_0 ? quant : pair << 4 | pair));
        for (int at = 0; at < bytes.length; at += blockBytes) {
            ByteBuffer.wrap(bytes).put(at, (byte) 0).put(at + 1, (byte) 0x38);
        }
        return data.bytes(bytes);
    }

    @Test(dataProvider = "kernels")
    public void whatIsNotANumberReachesEveryOutputOfItsRowAlone(String name) {
        Kernels kernels = kernels(name);
        float[] bad = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
        for (int round = 0; round < 30; round++) {
            try (KernelData data = new KernelData(round)) {
                int rows = 1 + data.random.nextInt(10);
                Product p = new Product(data, rows, INS[data.random.nextInt(INS.length)], 19);
                long expected = data.zeros(4L * p.size(), 0);
                p.run(kernels, p.quantized(kernels), 0, rows, expected, 0, p.out);
                int row = data.random.nextInt(rows);
                long at = p.x + 4L * (row * p.in + data.random.nextInt(p.in));
                FloatRows.store(new float[] {bad[round % bad.length]}, at, 1);
                long actual = data.zeros(4L * p.size(), 0);
                p.run(kernels, p.quantized(kernels), 0, rows, actual, 0, p.out);
                float[] a = KernelData.read(actual, p.size());
                float[] e = KernelData.read(expected, p.size());
                for (int r = 0; r < rows; r++) {
                    for (int o = 0; o < p.out; o++) {
                        float sum = a[r * p.stride + o];
                        boolean right = r == row ? Float.isNaN(sum) : sum == e[r * p.stride + o];
                        assertTrue(right, data.seed + p + ", row " + r + " of bad " + row);
                    }
                }
            }
        }
    }

    @Test(dataProvider = "kernels")
    public void zerosAndTheSmallestNumbersGiveZeros(String name) {
        Kernels kernels = kernels(name);
        for (float value : new float[] {0, -0f, Float.MIN_VALUE, 1e-38f, -1e-34f}) {
            try (KernelData data = new KernelData(1)) {
                Product p = new Product(data, 6, 96, 5);
                float[] inputs = new float[p.rows * p.in];
                Arrays.fill(inputs, value);
                FloatRows.store(inputs, p.x, inputs.length);
                long y = data.floats(p.size());
                long none = 0;
                long rounded = p.quantized(kernels);
                int code = p.type.code();
                kernels.linearInt8(
                        rounded, p.rows, p.in, p.weight, code, none, 0, y, p.out, 0, p.out);
                for (float sum : KernelData.read(y, p.rows * p.out)) {
                    assertEquals(sum, 0f, name + " of " + value);
                }
            }
        }
    }
}
