/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import io.offloadstream.ops.Phase;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.DType;
import java.util.Arrays;
import java.util.Random;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/**
 * Each type in each phase against sums in double precision. A float32 sum that is one chain of n
 * terms errs by no more than n 2^-24 of the sum of magnitudes (Higham, Accuracy and Stability,
 * (3.5)): that is the tolerance, so a term that is lost, doubled or misplaced shows.
 */
public class GpuLinearTest extends GpuLinearFixture {

    private static final long SEED = 20261121;
    private static final double UNIT = Math.pow(2, -24);
    private static final int VECTOR_BYTES = 16;

    /** Type, inner dimension, outputs, rows, bytes by which the weight is off alignment. */
    @DataProvider
    public Object[][] shapes() {
        return new Object[][] {
            {DType.F32, 36, 5, 1, 0},
            {DType.F32, 1031, 7, 3, 0},
            {DType.F32, 2048, 6, 8, 4},
            {DType.F16, 40, 1, 2, 0},
            {DType.F16, 515, 9, 5, 0},
            {DType.F16, 4104, 10, 1, 0},
            {DType.BF16, 8, 3, 1, 0},
            {DType.BF16, 896, 13, 8, 0},
            {DType.BF16, 899, 6, 7, 0},
            {DType.BF16, 2056, 4, 4, 2},
            {DType.BF16, 9216, 3, 6, 0},
            {DType.Q8_0, 32, 6, 1, 0},
            {DType.Q8_0, 4128, 5, 4, 2},
            {DType.Q4_0, 64, 3, 2, 0},
            {DType.Q4_0, 4128, 9, 8, 2},
            {DType.F32, 33, 70, 9, 0},
            {DType.F32, 96, 1, 65, 0},
            {DType.F16, 136, 129, 67, 0},
            {DType.F16, 77, 66, 11, 2},
            {DType.BF16, 4096, 65, 10, 0},
            {DType.BF16, 1, 3, 70, 0},
            {DType.Q8_0, 160, 67, 33, 2},
            {DType.Q4_0, 224, 130, 12, 0},
        };
    }

    @Test(dataProvider = "shapes")
    public void productIsThatOfTheReference(DType type, int in, int out, int rows, int offset) {
        Random random = random(type, in, out);
        StoredWeight weight = StoredWeight.random(random, type, out, in);
        StoredWeight bias = StoredWeight.random(random, DType.F16, 1, out);
        float[] x = activations(random, rows * in);
        Tensor y = gpu.result(rows, out);
        of(rows).linear(
                        gpu.floats(x, rows, in),
                        gpu.put(type, weight.bytes, offset, out, in),
                        gpu.put(DType.F16, bias.bytes, 0, out),
                        y);
        check(gpu.read(y), x, weight, bias, new float[rows * out], rows);
    }

    @Test(dataProvider = "shapes")
    public void productIsAddedToTheTarget(DType type, int in, int out, int rows, int offset) {
        Random random = random(type, in, out);
        StoredWeight weight = StoredWeight.random(random, type, out, in);
        float[] x = activations(random, rows * in);
        float[] before = activations(random, rows * out);
        Tensor target = gpu.floats(before, rows, out);
        of(rows).linearAdd(
                        gpu.floats(x, rows, in),
                        gpu.put(type, weight.bytes, offset, out, in),
                        null,
                        gpu.result(rows, out),
                        target);
        check(gpu.read(target), x, weight, null, before, rows);
    }

    @Test(dataProvider = "shapes")
    public void rowsHaveTheirBitsWhateverIsBesideThem(
            DType type, int in, int out, int rows, int offset) {
        Random random = random(type, in, out);
        StoredWeight stored = StoredWeight.random(random, type, out, in);
        Tensor x = gpu.floats(activations(random, rows * in), rows, in);
        Tensor weight = gpu.put(type, stored.bytes, offset, out, in);
        Tensor moved = gpu.put(type, stored.bytes, otherOffset(type, rows, offset), out, in);
        Tensor together = gpu.result(rows, out);
        GpuLinear linear = of(rows);
        linear.linear(x, weight, null, together);
        float[] expected = gpu.read(together);
        for (int chunk : new int[] {1, 3, 4}) {
            Tensor apart = gpu.result(rows, out);
            for (int row = 0; row < rows; row += chunk) {
                int end = Math.min(row + chunk, rows);
                linear.linear(x.rows(row, end), moved, null, apart.rows(row, end));
            }
            assertBits(gpu.read(apart), expected, "chunks of " + chunk);
        }
    }

    @DataProvider
    public Object[][] float8Shapes() {
        return new Object[][] {
            {16, 3, 1}, {300, 131, 3}, {1040, 6, 8}, {2064, 258, 2}, {48, 65, 9}, {397, 140, 66}
        };
    }

    @Test(dataProvider = "float8Shapes")
    public void float8HasAScaleForEachBlock(int in, int out, int rows) {
        Random random = random(DType.F8_E4M3, in, out);
        StoredWeight weight = StoredWeight.random(random, DType.F8_E4M3, out, in);
        StoredWeight bias = StoredWeight.random(random, DType.BF16, 1, out);
        float[] values = activations(random, rows * in);
        Tensor x = gpu.floats(values, rows, in);
        Tensor y = gpu.result(rows, out);
        Tensor stored = gpu.put(DType.F8_E4M3, weight.bytes, 0, out, in);
        Tensor scales = gpu.floats(weight.scales, (out + 127) / 128, (in + 127) / 128);
        Tensor added = gpu.put(DType.BF16, bias.bytes, 0, out);
        of(rows).linearScaled(x, stored, scales, added, y);
        float[] all = gpu.read(y);
        check(all, values, weight, bias, new float[rows * out], rows);

        Tensor last = gpu.result(1, out);
        of(rows).linearScaled(x.rows(rows - 1, rows), stored, scales, added, last);
        float[] expected = Arrays.copyOfRange(all, (rows - 1) * out, rows * out);
        assertBits(gpu.read(last), expected, "the last row alone");
    }

    @DataProvider
    public Object[][] transposedShapes() {
        return new Object[][] {
            {DType.F32, 48, 144, 1},
            {DType.F16, 769, 33, 8},
            {DType.BF16, 65, 7, 3},
            {DType.F32, 100, 72, 9},
            {DType.F16, 35, 67, 65},
            {DType.BF16, 640, 136, 12},
        };
    }

    @Test(dataProvider = "transposedShapes")
    public void weightsMayBeTransposed(DType type, int in, int out, int rows) {
        Random random = random(type, in, out);
        StoredWeight weight = StoredWeight.random(random, type, in, out);
        StoredWeight bias = StoredWeight.random(random, type, 1, out);
        float[] values = activations(random, rows * in);
        Tensor x = gpu.floats(values, rows, in);
        Tensor y = gpu.result(rows, out);
        Tensor stored = gpu.put(type, weight.bytes, 0, in, out);
        Tensor added = gpu.put(type, bias.bytes, 0, out);
        of(rows).linearTransposed(x, stored, added, y);
        float[] actual = gpu.read(y);
        for (int row = 0; row < rows; row++) {
            for (int o = 0; o < out; o++) {
                double sum = bias.values[o];
                double magnitude = Math.abs(sum);
                for (int i = 0; i < in; i++) {
                    double term = values[row * in + i] * weight.values[i * out + o];
                    sum += term;
                    magnitude += Math.abs(term);
                }
                assertClose(actual[row * out + o], sum, (in + 2) * UNIT * magnitude, row, o);
            }
        }
        Tensor last = gpu.result(1, out);
        of(rows).linearTransposed(x.rows(rows - 1, rows), stored, added, last);
        float[] expected = Arrays.copyOfRange(actual, (rows - 1) * out, rows * out);
        assertBits(gpu.read(last), expected, "the last row alone");
    }

    private static Random random(DType type, int in, int out) {
        return new Random(SEED + type.code() + 31L * in + 1009L * out);
    }

    /**
     * Off alignment if the weight is not; the matrix units of a card take what is aligned alone.
     */
    private int otherOffset(DType type, int rows, int offset) {
        boolean hasUnits = gpu.gpu().hasModule("prefill_cuda");
        if (hasUnits && type == DType.BF16 && Phase.of(rows) == Phase.PREFILL) {
            return offset + VECTOR_BYTES;
        }
        return offset == 0 ? 2 * sizeOf(type) : 0;
    }

    private static int sizeOf(DType type) {
        return type.blockElements() == 1 ? type.sizeBytes() : 2;
    }

    private static float[] activations(Random random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static void check(
            float[] actual,
            float[] x,
            StoredWeight weight,
            StoredWeight bias,
            float[] before,
            int rows) {
        int in = weight.columns;
        int out = weight.rows;
        assertEquals(actual.length, rows * out);
        int chain = rows <= Phase.MOST_DECODE_ROWS ? in / 128 + 32 : in;
        for (int row = 0; row < rows; row++) {
            for (int o = 0; o < out; o++) {
                double sum = before[row * out + o] + (bias == null ? 0 : bias.values[o]);
                double magnitude = Math.abs(sum);
                for (int i = 0; i < in; i++) {
                    double term = x[row * in + i] * weight.values[o * in + i];
                    sum += term;
                    magnitude += Math.abs(term);
                }
                assertClose(actual[row * out + o], sum, (chain + 4) * UNIT * magnitude, row, o);
            }
        }
    }

    private static void assertClose(float actual, double expected, double error, int row, int o) {
        assertTrue(
                Math.abs(actual - expected) <= error,
                "row "
                        + row
                        + ", output "
                        + o
                        + ": "
                        + actual
                        + " instead of "
                        + expected
                        + ", more than "
                        + error
                        + " off; seed "
                        + SEED);
    }

    private static void assertBits(float[] actual, float[] expected, String what) {
        assertEquals(actual.length, expected.length);
        for (int i = 0; i < expected.length; i++) {
            assertEquals(
                    Float.floatToRawIntBits(actual[i]),
                    Float.floatToRawIntBits(expected[i]),
                    what + ", element " + i + "; seed " + SEED);
        }
    }
}
