/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import static org.testng.Assert.assertEquals;

import java.util.Arrays;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** Norms, rotations, activations and conversions against {@link ReferenceKernels}. */
public class ElementwiseKernelsTest {

    private static final int[] WIDTHS = {1, 7, 8, 16, 17, 33, 63, 64, 65, 100};
    private static final DType[] TYPES = {DType.F32, DType.F16, DType.BF16};

    private final ReferenceKernels reference = new ReferenceKernels();

    @DataProvider
    Object[][] instructionSets() {
        return KernelData.everyInstructionSet();
    }

    @Test(dataProvider = "instructionSets")
    public void normsMatchTheReference(String instructionSet) {
        Kernels kernels = KernelData.kernels(instructionSet);
        for (int width : WIDTHS) {
            for (DType type : TYPES) {
                try (KernelData data = new KernelData(width)) {
                    int rows = 3;
                    int count = rows * width;
                    long x = data.floats(count, DType.F32, 4);
                    long weight = data.floats(width, type, 1);
                    long bias = data.random.nextBoolean() ? data.floats(width, type, 3) : 0;
                    long actual = data.zeros(4L * count, 4);
                    long expected = data.zeros(4L * count, 0);
                    String what = type + " " + width;
                    kernels.rmsNorm(x, rows, width, weight, type.code(), 1e-5f, actual);
                    reference.rmsNorm(x, rows, width, weight, type.code(), 1e-5f, expected);
                    data.assertEachClose(actual, expected, count, 1e-6f, "rmsNorm " + what);
                    kernels.layerNorm(x, rows, width, weight, bias, type.code(), 1e-2f, actual);
                    reference.layerNorm(x, rows, width, weight, bias, type.code(), 1e-2f, expected);
                    data.assertClose(actual, expected, count, 2e-6f, "layerNorm " + what);
                    kernels.layerNorm(x, rows, width, weight, bias, type.code(), 1e-2f, x);
                    data.assertSameBits(x, actual, count, "layerNorm in place " + what);
                    kernels.rmsNorm(x, rows, width, weight, type.code(), 1e-5f, actual);
                    kernels.rmsNorm(x, rows, width, weight, type.code(), 1e-5f, x);
                    data.assertSameBits(x, actual, count, "rmsNorm in place " + what);
                }
            }
        }
    }

    @Test(dataProvider = "instructionSets")
    public void ropeMatchesTheReference(String instructionSet) {
        Kernels kernels = KernelData.kernels(instructionSet);
        for (int halfDim : new int[] {1, 3, 4, 16, 17, 32}) {
            for (int rest : new int[] {0, 5}) {
                for (int interleaved = 0; interleaved < 2; interleaved++) {
                    try (KernelData data = new KernelData(halfDim)) {
                        int rows = 3;
                        int heads = 2;
                        int headDim = 2 * halfDim + rest;
                        int count = rows * heads * headDim;
                        long actual = data.floats(count);
                        long expected = data.zeros(4L * count, 0);
                        KernelData.copy(actual, expected, count);
                        long cos = data.floats(rows * halfDim);
                        long sin = data.floats(rows * halfDim);
                        kernels.rope(actual, rows, heads, headDim, halfDim, cos, sin, interleaved);
                        reference.rope(
                                expected, rows, heads, headDim, halfDim, cos, sin, interleaved);
                        data.assertSameBits(actual, expected, count, "rope " + halfDim);
                    }
                }
            }
        }
    }

    @Test(dataProvider = "instructionSets")
    public void activationsMatchTheReference(String instructionSet) {
        Kernels kernels = KernelData.kernels(instructionSet);
        activationsMatch(kernels, 3, 2e-6f);
        // The exponent in gelu's tail reaches 84 here; its rounding is that much of the result.
        activationsMatch(kernels, 10, 84 * 2e-7f);
    }

    private void activationsMatch(Kernels kernels, float reach, float tolerance) {
        try (KernelData data = new KernelData(1)) {
            int count = 20_001;
            float[] values = new float[count];
            for (int i = 0; i < count; i++) {
                values[i] = reach * (i - 10_000) / 10_000f;
            }
            long x = data.zeros(4L * count, 0);
            FloatRows.store(values, x, count);
            long up = data.floats(count);
            long actual = data.zeros(4L * count, 0);
            long expected = data.zeros(4L * count, 0);
            for (Activation activation : Activation.values()) {
                kernels.activate(activation.code(), x, count, actual);
                reference.activate(activation.code(), x, count, expected);
                data.assertEachClose(actual, expected, count, tolerance, activation.toString());
                kernels.activateMultiply(activation.code(), x, up, count, actual);
                reference.activateMultiply(activation.code(), x, up, count, expected);
                data.assertEachClose(actual, expected, count, tolerance, activation + " times");
            }
        }
    }

    @Test(dataProvider = "instructionSets")
    public void activationsStayFiniteFarOut(String instructionSet) {
        Kernels kernels = KernelData.kernels(instructionSet);
        try (KernelData data = new KernelData(2)) {
            float[] values = {-1e30f, -1e4f, -200, -90, -0f, 0, 90, 200, 1e4f, Float.NaN};
            long x = data.zeros(4L * values.length, 0);
            long y = data.zeros(4L * values.length, 0);
            FloatRows.store(values, x, values.length);
            for (Activation activation : Activation.values()) {
                kernels.activate(activation.code(), x, values.length, y);
                float[] results = KernelData.read(y, values.length);
                for (int i = 0; i < values.length; i++) {
                    float right = Math.max(values[i], 0f);
                    assertEquals(results[i], right, 1e-6f, activation + " of " + values[i]);
                }
            }
        }
    }

    /**
     * Many equal ones, what is no number, infinities, both zeros; rows shorter than what is wanted.
     */
    @Test(dataProvider = "instructionSets")
    public void largestValuesMatchTheReference(String instructionSet) {
        Kernels kernels = KernelData.kernels(instructionSet);
        float[] few = {1, 2, -3, Float.NaN, Float.NEGATIVE_INFINITY, 0f, -0f};
        float[] least = {Float.NEGATIVE_INFINITY, -Float.MAX_VALUE};
        float[] ends = {Float.POSITIVE_INFINITY, Float.MAX_VALUE, Float.MIN_VALUE, 0f, -0f};
        for (int count : new int[] {1, 5, 64, 127, 1000, 20_001}) {
            for (int wanted : new int[] {1, 3, 70}) {
                try (KernelData data = new KernelData(count)) {
                    largestMatch(kernels, data, data.floats(count), count, wanted);
                    for (float[] kinds : new float[][] {few, least, ends, {-0f, 0f}, {-2, -1}}) {
                        long x = data.zeros(4L * count, 0);
                        float[] values = new float[count];
                        for (int i = 0; i < count; i++) {
                            values[i] = kinds[data.random.nextInt(kinds.length)];
                        }
                        FloatRows.store(values, x, count);
                        largestMatch(kernels, data, x, count, wanted);
                    }
                }
            }
        }
    }

    /** Spans with nothing large are passed over: the rare one that has something must not be. */
    @Test(dataProvider = "instructionSets")
    public void aLargeValueIsFoundWhereverItIs(String instructionSet) {
        Kernels kernels = KernelData.kernels(instructionSet);
        int count = 1003;
        for (float usual : new float[] {0f, -0f, 1f, -1f, Float.MIN_VALUE, -Float.MAX_VALUE}) {
            for (float rare : new float[] {Math.nextUp(usual), Float.NaN}) {
                try (KernelData data = new KernelData(count)) {
                    float[] values = new float[count];
                    Arrays.fill(values, usual);
                    for (int place = 1; place < count; place += 13) {
                        values[place] = rare;
                        long x = data.zeros(4L * count, 0);
                        FloatRows.store(values, x, count);
                        largestMatch(kernels, data, x, count, 1);
                        values[place] = usual;
                    }
                }
            }
        }
    }

    private void largestMatch(Kernels kernels, KernelData data, long x, int count, int wanted) {
        long[] results = new long[2];
        for (int i = 0; i < 2; i++) {
            results[i] = data.zeros(8L * wanted, 0);
            Kernels each = i == 0 ? kernels : reference;
            each.top(x, count, 11, wanted, results[i], results[i] + 4L * wanted);
        }
        data.assertSameBits(results[0], results[1], 2 * wanted, "top " + wanted + " of " + count);
    }

    @Test(dataProvider = "instructionSets")
    public void elementsDoNotDependOnTheirPlace(String instructionSet) {
        Kernels kernels = KernelData.kernels(instructionSet);
        try (KernelData data = new KernelData(3)) {
            int count = 133;
            long x = data.floats(count);
            long whole = data.zeros(4L * count, 0);
            long split = data.zeros(4L * count, 0);
            for (Activation activation : Activation.values()) {
                kernels.activate(activation.code(), x, count, whole);
                for (int i = 0; i < count; i++) {
                    kernels.activate(activation.code(), x + 4L * i, 1, split + 4L * i);
                }
                data.assertSameBits(split, whole, count, activation.toString());
            }
        }
    }

    @Test(dataProvider = "instructionSets")
    public void addAndGatherMatchTheReference(String instructionSet) {
        Kernels kernels = KernelData.kernels(instructionSet);
        for (int width : WIDTHS) {
            for (DType type : TYPES) {
                try (KernelData data = new KernelData(width)) {
                    int rows = 4;
                    int count = rows * width;
                    long table = data.floats(count, type, 1);
                    long rowBytes = (long) width * type.sizeBytes();
                    long addresses =
                            data.longs(table + 2 * rowBytes, table, table, table + 3 * rowBytes);
                    long actual = data.zeros(4L * count, 0);
                    long expected = data.zeros(4L * count, 0);
                    kernels.gather(addresses, rows, width, type.code(), actual);
                    reference.gather(addresses, rows, width, type.code(), expected);
                    data.assertSameBits(actual, expected, count, type + " gather " + width);
                    long x = data.floats(count);
                    kernels.add(actual, x, count);
                    reference.add(expected, x, count);
                    data.assertSameBits(actual, expected, count, "add " + width);
                }
            }
        }
    }

    @Test(dataProvider = "instructionSets")
    public void rowsOfBlocksAreGatheredAsTheReferenceDoes(String instructionSet) {
        Kernels kernels = KernelData.kernels(instructionSet);
        for (int width : new int[] {32, 96, 160, 640}) {
            for (DType type : new DType[] {DType.Q8_0, DType.Q4_0}) {
                try (KernelData data = new KernelData(width)) {
                    int rows = 3;
                    int count = rows * width;
                    long table = data.blocks(5, width, type, 2);
                    long rowBytes = type.bytes(width);
                    long addresses = data.longs(table + 4 * rowBytes, table, table + rowBytes);
                    long actual = data.zeros(4L * count, 0);
                    long expected = data.zeros(4L * count, 0);
                    kernels.gather(addresses, rows, width, type.code(), actual);
                    reference.gather(addresses, rows, width, type.code(), expected);
                    data.assertSameValues(actual, expected, count, type + " gather " + width);
                }
            }
        }
    }

    @Test(dataProvider = "instructionSets")
    public void allHalvesAreWidenedRight(String instructionSet) {
        Kernels kernels = KernelData.kernels(instructionSet);
        int count = 1 << 16;
        try (KernelData data = new KernelData(4)) {
            long halves = data.zeros(2L * count, 0);
            for (int i = 0; i < count; i++) {
                HostMemory.view(halves, 2 * count).putShort(2 * i, (short) i);
            }
            long addresses = data.longs(halves);
            long actual = data.zeros(4L * count, 0);
            long expected = data.zeros(4L * count, 0);
            for (DType type : new DType[] {DType.F16, DType.BF16}) {
                kernels.gather(addresses, 1, count, type.code(), actual);
                reference.gather(addresses, 1, count, type.code(), expected);
                float[] a = KernelData.read(actual, count);
                float[] e = KernelData.read(expected, count);
                for (int i = 0; i < count; i++) {
                    // Which NaN a signalling one becomes is the processor's choice.
                    assertEquals(Float.floatToIntBits(a[i]), Float.floatToIntBits(e[i]));
                }
            }
        }
    }

    @Test(dataProvider = "instructionSets")
    public void storeKvMatchesTheReferenceBitForBit(String instructionSet) {
        Kernels kernels = KernelData.kernels(instructionSet);
        for (DType type : TYPES) {
            for (int headDim : new int[] {1, 8, 17, 64}) {
                try (KernelData data = new KernelData(headDim)) {
                    int rows = 3;
                    int kvHeads = 2;
                    int headStride = 5 * headDim * type.sizeBytes();
                    int cacheBytes = 2 * kvHeads * headStride;
                    long x = data.floats(rows * kvHeads * headDim);
                    FloatRows.store(
                            new float[] {1e9f, -1e-6f, 65519.99f, Float.POSITIVE_INFINITY}, x, 4);
                    long actual = data.zeros(cacheBytes, 0);
                    long expected = data.zeros(cacheBytes, 0);
                    long row = (long) headDim * type.sizeBytes();
                    kernels.storeKv(
                            x,
                            rows,
                            kvHeads,
                            headDim,
                            data.longs(actual + row, 0, actual + 3 * row),
                            row,
                            headStride,
                            type.code());
                    reference.storeKv(
                            x,
                            rows,
                            kvHeads,
                            headDim,
                            data.longs(expected + row, 0, expected + 3 * row),
                            row,
                            headStride,
                            type.code());
                    assertEquals(
                            KernelData.readBytes(actual, cacheBytes),
                            KernelData.readBytes(expected, cacheBytes),
                            type + " " + headDim);
                }
            }
        }
    }
}
