/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/**
 * Matrix products of every instruction set against {@link ReferenceKernels}, and against itself.
 */
public class LinearKernelsTest {

    private static final int[] SIZES = {1, 2, 7, 8, 15, 16, 17, 31, 33, 63, 64, 65, 100, 257};
    private static final int[] ROWS = {0, 1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 25};
    private static final DType[] TYPES = {DType.F32, DType.F16, DType.BF16};
    private static final DType[] ROW_TYPES = {
        DType.F32, DType.F16, DType.BF16, DType.Q8_0, DType.Q4_0
    };

    private final ReferenceKernels reference = new ReferenceKernels();

    @DataProvider
    Object[][] instructionSets() {
        return KernelData.everyInstructionSet();
    }

    /** A product of random shape; fields as the kernel's parameters. */
    private static final class Product {

        final KernelData data;
        final int rows;
        final int in;
        final int out;
        final DType type;
        final DType biasType;
        final long x;
        final long weight;
        final long bias;
        final int stride;

        Product(KernelData data, DType... types) {
            this.data = data;
            rows = ROWS[data.random.nextInt(ROWS.length)];
            type = types[data.random.nextInt(types.length)];
            int blocks = type.blockElements();
            in = (SIZES[data.random.nextInt(SIZES.length)] + blocks - 1) / blocks * blocks;
            out = SIZES[data.random.nextInt(SIZES.length)];
            biasType = TYPES[data.random.nextInt(3)];
            x = data.floats(rows * in, DType.F32, 4 * data.random.nextInt(4));
            int misalignment = data.random.nextInt(9);
            weight =
                    blocks == 1
                            ? data.floats(in * out, type, misalignment)
                            : data.blocks(out, in, type, misalignment);
            bias =
                    data.random.nextBoolean()
                            ? data.floats(out, biasType, data.random.nextInt(4))
                            : 0;
            stride = out + data.random.nextInt(3);
        }

        /** Elements are sums of {@code in} products of size 1, of size sqrt(in) at that. */
        float tolerance() {
            return 1e-6f * (float) Math.sqrt(in);
        }

        /** Room for some rows more than are asked for, which are to be left alone. */
        long result() {
            return data.floats(size());
        }

        int size() {
            return (rows + 4) * stride;
        }

        @Override
        public String toString() {
            return rows + "x" + in + "x" + out + " " + type + (bias == 0 ? "" : " + " + biasType);
        }

        void linear(Kernels k, int first, int count, long y, int begin, int end) {
            k.linear(
                    x + 4L * first * in,
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

        void transposed(Kernels k, int first, int count, long y, int begin, int end) {
            k.linearTransposed(
                    x + 4L * first * in,
                    count,
                    in,
                    out,
                    weight,
                    type.code(),
                    bias,
                    biasType.code(),
                    y + 4L * first * out,
                    begin,
                    end);
        }
    }

    @Test(dataProvider = "instructionSets")
    public void linearMatchesTheReference(String instructionSet) {
        Kernels kernels = KernelData.kernels(instructionSet);
        for (int round = 0; round < 300; round++) {
            try (KernelData data = new KernelData(round)) {
                Product p = new Product(data, ROW_TYPES);
                int begin = data.random.nextInt(p.out);
                int end = begin + data.random.nextInt(p.out - begin + 1);
                long actual = p.result();
                long expected = p.result();
                KernelData.copy(actual, expected, p.size());
                p.linear(kernels, 0, p.rows, actual, begin, end);
                p.linear(reference, 0, p.rows, expected, begin, end);
                // Also that what is outside the range is left alone: it was the same before.
                data.assertClose(actual, expected, p.size(), p.tolerance(), p.toString());
            }
        }
    }

    @Test(dataProvider = "instructionSets")
    public void linearTransposedMatchesTheReference(String instructionSet) {
        Kernels kernels = KernelData.kernels(instructionSet);
        for (int round = 0; round < 300; round++) {
            try (KernelData data = new KernelData(round)) {
                Product p = new Product(data, TYPES);
                int begin = data.random.nextInt(p.out);
                int end = begin + data.random.nextInt(p.out - begin + 1);
                long actual = p.result();
                long expected = p.result();
                KernelData.copy(actual, expected, p.size());
                p.transposed(kernels, 0, p.rows, actual, begin, end);
                p.transposed(reference, 0, p.rows, expected, begin, end);
                data.assertClose(actual, expected, p.size(), p.tolerance(), p.toString());
            }
        }
    }

    @Test(dataProvider = "instructionSets")
    public void linearHasTheSameBitsHoweverItIsSplit(String instructionSet) {
        linearIsSplit(KernelData.kernels(instructionSet));
    }

    @Test
    public void linearOfTheReferenceHasTheSameBitsHoweverItIsSplit() {
        linearIsSplit(reference);
    }

    private static void linearIsSplit(Kernels kernels) {
        for (int round = 0; round < 200; round++) {
            try (KernelData data = new KernelData(round)) {
                Product p = new Product(data, ROW_TYPES);
                long whole = p.result();
                long split = p.result();
                p.linear(kernels, 0, p.rows, whole, 0, p.out);
                KernelData.copy(whole, split, p.rows * p.stride);
                data.assertSameBits(split, whole, p.rows * p.stride, p.toString());
                clear(split, p.rows, p.stride, p.out);
                for (int row = 0; row < p.rows; ) {
                    int count = 1 + data.random.nextInt(p.rows - row);
                    for (int begin = 0; begin < p.out; ) {
                        int end = begin + 1 + data.random.nextInt(p.out - begin);
                        p.linear(kernels, row, count, split, begin, end);
                        begin = end;
                    }
                    row += count;
                }
                data.assertSameBits(split, whole, p.rows * p.stride, p.toString());
            }
        }
    }

    @Test(dataProvider = "instructionSets")
    public void linearTransposedHasTheSameBitsHoweverItIsSplit(String instructionSet) {
        Kernels kernels = KernelData.kernels(instructionSet);
        for (int round = 0; round < 200; round++) {
            try (KernelData data = new KernelData(round)) {
                Product p = new Product(data, TYPES);
                long whole = p.result();
                long split = p.result();
                p.transposed(kernels, 0, p.rows, whole, 0, p.out);
                for (int row = 0; row < p.rows; ) {
                    int count = 1 + data.random.nextInt(p.rows - row);
                    for (int begin = 0; begin < p.out; ) {
                        int end = begin + 1 + data.random.nextInt(p.out - begin);
                        p.transposed(kernels, row, count, split, begin, end);
                        begin = end;
                    }
                    row += count;
                }
                data.assertSameBits(split, whole, p.rows * p.out, p.toString());
            }
        }
    }

    @Test(dataProvider = "instructionSets")
    public void linearHasTheSameBitsAtEveryAlignment(String instructionSet) {
        Kernels kernels = KernelData.kernels(instructionSet);
        int rows = 7;
        int out = 21;
        for (DType type : ROW_TYPES) {
            int in = type.blockElements() == 1 ? 83 : 96;
            try (KernelData data = new KernelData(type.code())) {
                long x = data.floats(rows * in);
                long weight =
                        type.blockElements() == 1
                                ? data.floats(in * out, type, 0)
                                : data.blocks(out, in, type, 0);
                int weightBytes = Math.toIntExact(out * type.bytes(in));
                long expected = data.zeros(4L * rows * out, 0);
                linear(kernels, x, rows, in, weight, type, expected, out);
                for (int misalignment = 1; misalignment < 64; misalignment++) {
                    long moved = data.zeros(weightBytes, misalignment);
                    HostMemory.view(moved, weightBytes)
                            .put(KernelData.readBytes(weight, weightBytes));
                    long actual = data.zeros(4L * rows * out, misalignment & -4);
                    linear(kernels, x, rows, in, moved, type, actual, out);
                    data.assertSameBits(actual, expected, rows * out, type + "+" + misalignment);
                }
            }
        }
    }

    private static void linear(
            Kernels kernels, long x, int rows, int in, long weight, DType type, long y, int out) {
        kernels.linear(x, rows, in, weight, type.code(), 0, 0, y, out, 0, out);
    }

    private static void clear(long y, int rows, int stride, int out) {
        for (int r = 0; r < rows; r++) {
            FloatRows.store(new float[out], y + 4L * r * stride, out);
        }
    }
}
