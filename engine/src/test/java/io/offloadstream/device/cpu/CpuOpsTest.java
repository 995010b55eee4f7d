/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.cpu;

import static io.offloadstream.device.cpu.TestTensors.values;
import static org.testng.Assert.assertEquals;

import io.offloadstream.device.Workspace;
import io.offloadstream.ops.Ops;
import io.offloadstream.ops.Phase;
import io.offloadstream.ops.RopeTable;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.Activation;
import io.offloadstream.platform.DType;
import java.util.Arrays;
import org.testng.annotations.AfterMethod;
import org.testng.annotations.BeforeMethod;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** Each operator against its definition in plain Java, in double precision. */
public class CpuOpsTest {

    private static final long SEED = 20261121;
    private static final double TOLERANCE = 2e-5;

    private TestTensors tensors;
    private CpuBackend backend;
    private Workspace workspace;
    private Ops ops;

    @BeforeMethod
    public void open() {
        tensors = new TestTensors(SEED);
        backend = new CpuBackend(3);
        workspace = backend.newWorkspace(tensors.budget(), tensors.budget(), 0, 32 << 20);
        ops = backend.ops(workspace, Phase.DECODE);
    }

    @AfterMethod(alwaysRun = true)
    public void close() {
        workspace.close();
        backend.close();
        tensors.close();
    }

    /** Row counts of the decode and of the prefill path, and enough work for several threads. */
    @DataProvider
    public Object[][] products() {
        return new Object[][] {
            {1, 37, 53, DType.F32, true},
            {1, 640, 771, DType.BF16, false},
            {3, 129, 1000, DType.F16, true},
            {8, 96, 40, DType.BF16, true},
            {13, 70, 331, DType.F32, false},
            {67, 130, 97, DType.F16, true},
        };
    }

    @DataProvider
    public Object[][] blockProducts() {
        return new Object[][] {
            {1, 640, 771, DType.Q8_0, false},
            {5, 96, 40, DType.Q8_0, true},
            {1, 64, 333, DType.Q4_0, true},
            {19, 352, 61, DType.Q4_0, false},
        };
    }

    @Test(dataProvider = "products")
    public void linear(int rows, int in, int out, DType type, boolean biased) {
        linearOf(rows, in, out, type, biased ? tensors.random(type, out) : null);
    }

    @Test(dataProvider = "blockProducts")
    public void linearOfBlocks(int rows, int in, int out, DType type, boolean biased) {
        linearOf(rows, in, out, type, biased ? tensors.random(DType.F16, out) : null);
    }

    private void linearOf(int rows, int in, int out, DType type, Tensor bias) {
        Tensor x = tensors.random(DType.F32, rows, in);
        Tensor weight = tensors.weight(type, out, in);
        Tensor y = ops.linear(x, weight, bias);
        assertEquals(y.shape(), new long[] {rows, out});
        double[] expected = product(x, weight, bias, out, 1, in);
        assertClose(y, expected, Math.sqrt(in));
    }

    @Test(dataProvider = "products")
    public void linearTransposed(int rows, int in, int out, DType type, boolean biased) {
        Tensor x = tensors.random(DType.F32, rows, in);
        Tensor weight = tensors.random(type, in, out);
        Tensor bias = biased ? tensors.random(DType.F32, out) : null;
        Tensor y = ops.linearTransposed(x, weight, bias);
        assertEquals(y.shape(), new long[] {rows, out});
        double[] expected = product(x, weight, bias, out, out, 1);
        assertClose(y, expected, Math.sqrt(in));
    }

    private static double[] product(
            Tensor x, Tensor weight, Tensor bias, int out, int inStride, int outStride) {
        float[] xs = values(x);
        float[] ws = values(weight);
        float[] bs = bias == null ? new float[out] : values(bias);
        int in = x.columns();
        double[] y = new double[x.rows() * out];
        for (int i = 0; i < y.length; i++) {
            int row = i / out;
            int column = i % out;
            y[i] = bs[column];
            for (int k = 0; k < in; k++) {
                y[i] += (double) xs[row * in + k] * ws[k * inStride + column * outStride];
            }
        }
        return y;
    }

    @Test
    public void linearIntoWritesItsTileAlone() {
        Tensor x = tensors.random(DType.F32, 5, 33);
        Tensor weight = tensors.random(DType.BF16, 21, 33);
        Tensor target = tensors.random(DType.F32, 5, 50);
        float[] before = values(target);
        ops.linearInto(x, weight, target, 17);
        double[] tile = product(x, weight, null, 21, 1, 33);
        double[] expected = new double[before.length];
        for (int i = 0; i < expected.length; i++) {
            int column = i % 50 - 17;
            boolean inTile = column >= 0 && column < 21;
            expected[i] = inTile ? tile[i / 50 * 21 + column] : before[i];
        }
        assertClose(target, expected, 6);
    }

    /** One row, and more rows than one range takes. */
    @DataProvider
    public Object[][] rowsAndWidths() {
        return new Object[][] {{1, 37}, {7, 130}, {150, 1030}};
    }

    @Test(dataProvider = "rowsAndWidths")
    public void rmsNorm(int rows, int width) {
        Tensor x = tensors.random(DType.F32, rows, width);
        Tensor weight = tensors.random(DType.BF16, width);
        float[] xs = values(x);
        float[] ws = values(weight);
        double[] expected = new double[xs.length];
        for (int i = 0; i < expected.length; i++) {
            double squares = 0;
            for (int k = i / width * width; k < (i / width + 1) * width; k++) {
                squares += (double) xs[k] * xs[k];
            }
            expected[i] = xs[i] / Math.sqrt(squares / width + 0.25) * ws[i % width];
        }
        assertClose(ops.rmsNorm(x, weight, 0.25f), expected, 1);
        assertEquals(values(x), xs, "the input is kept");
    }

    @Test(dataProvider = "rowsAndWidths")
    public void layerNorm(int rows, int width) {
        Tensor x = tensors.random(DType.F32, rows, width);
        Tensor weight = tensors.random(DType.F16, width);
        Tensor bias = rows == 7 ? null : tensors.random(DType.F16, width);
        float[] xs = values(x);
        float[] ws = values(weight);
        float[] bs = bias == null ? new float[width] : values(bias);
        double[] expected = new double[xs.length];
        for (int row = 0; row < rows; row++) {
            double mean = 0;
            double variance = 0;
            for (int k = 0; k < width; k++) {
                mean += xs[row * width + k] / (double) width;
            }
            for (int k = 0; k < width; k++) {
                variance += Math.pow(xs[row * width + k] - mean, 2) / width;
            }
            for (int k = 0; k < width; k++) {
                double normal = (xs[row * width + k] - mean) / Math.sqrt(variance + 0.5);
                expected[row * width + k] = normal * ws[k] + bs[k];
            }
        }
        assertClose(ops.layerNorm(x, weight, bias, 0.5f), expected, 1);
    }

    @Test(dataProvider = "rowsAndWidths")
    public void activations(int rows, int width) {
        Tensor x = tensors.random(DType.F32, rows, width);
        Tensor up = tensors.random(DType.F32, rows, width);
        float[] xs = values(x);
        float[] ups = values(up);
        for (Activation activation : Activation.values()) {
            double[] active = new double[xs.length];
            double[] gated = new double[xs.length];
            for (int i = 0; i < xs.length; i++) {
                active[i] = activation(activation, xs[i]);
                gated[i] = active[i] * ups[i];
            }
            assertClose(ops.activate(activation, x), active, 1);
            assertClose(ops.activateMultiply(activation, x, up), gated, 4);
        }
    }

    private static double activation(Activation activation, double x) {
        return switch (activation) {
            case SILU -> x / (1 + Math.exp(-x));
            case RELU -> Math.max(x, 0);
            case GELU_TANH -> {
                double inner = Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x);
                yield 0.5 * x * (1 + Math.tanh(inner));
            }
            case GELU_ERF -> 0.5 * x * (1 + erf(x / Math.sqrt(2)));
        };
    }

    /** The series of erf, which converges for all that random normals reach. */
    private static double erf(double x) {
        double term = x;
        double sum = x;
        for (int n = 1; n < 200; n++) {
            term *= -x * x / n;
            sum += term / (2 * n + 1);
        }
        return 2 / Math.sqrt(Math.PI) * sum;
    }

    @Test(dataProvider = "rowsAndWidths")
    public void addAndCopy(int rows, int width) {
        Tensor target = tensors.random(DType.F32, rows, width);
        Tensor x = tensors.random(DType.F32, rows, width);
        float[] xs = values(x);
        float[] sums = values(target);
        for (int i = 0; i < sums.length; i++) {
            sums[i] += xs[i];
        }
        ops.addInPlace(target, x);
        assertEquals(values(target), sums);
        ops.copy(x, target);
        assertEquals(values(target), xs);
        assertEquals(values(x), xs);
    }

    @Test(dataProvider = "rowsAndWidths")
    public void columns(int rows, int width) {
        Tensor x = tensors.random(DType.F32, rows, width);
        int begin = 5;
        int end = width - 3;
        Tensor y = ops.columns(x, begin, end);
        assertEquals(y.shape(), new long[] {rows, end - begin});
        for (int row = 0; row < rows; row++) {
            float[] expected =
                    Arrays.copyOfRange(values(x), row * width + begin, row * width + end);
            assertEquals(values(y.rows(row, row + 1)), expected, "row " + row);
        }
    }

    /** More rows than the workspace's table of addresses has entries, in any order, some twice. */
    @Test
    public void gatherTakesAnyNumberOfRows() {
        for (DType type : new DType[] {DType.F32, DType.F16, DType.BF16, DType.Q8_0, DType.Q4_0}) {
            int width = type.blockElements() == 1 ? 131 : 160;
            Tensor table = tensors.weight(type, 29, width);
            int rows = 1100;
            long[] addresses = new long[rows];
            for (int i = 0; i < rows; i++) {
                int row = i * 7 % 29;
                addresses[i] = table.rows(row, row + 1).address();
            }
            Tensor target = tensors.random(DType.F32, rows, width);
            ops.gather(addresses, type, target);
            float[] all = values(table);
            float[] actual = values(target);
            for (int i = 0; i < actual.length; i++) {
                float expected = all[i / width * 7 % 29 * width + i % width];
                assertEquals(actual[i], expected, type + " element " + i);
            }
        }
    }

    @DataProvider
    public Object[][] rotations() {
        return new Object[][] {
            {3, 5, 16, 8, false}, {3, 5, 16, 6, true}, {90, 6, 96, 48, false}, {1, 2, 10, 3, false}
        };
    }

    @Test(dataProvider = "rotations")
    public void rope(int rows, int heads, int headDim, int halfDim, boolean interleaved) {
        Tensor x = tensors.random(DType.F32, rows, (long) heads * headDim);
        Tensor cos = tensors.random(DType.F32, rows, halfDim);
        Tensor sin = tensors.random(DType.F32, rows, halfDim);
        float[] xs = values(x);
        double[] expected = new double[xs.length];
        for (int i = 0; i < expected.length; i++) {
            expected[i] = xs[i];
        }
        for (int head = 0; head < rows * heads; head++) {
            for (int pair = 0; pair < halfDim; pair++) {
                int first = head * headDim + (interleaved ? 2 * pair : pair);
                int second = first + (interleaved ? 1 : halfDim);
                double c = values(cos)[head / heads * halfDim + pair];
                double s = values(sin)[head / heads * halfDim + pair];
                expected[first] = xs[first] * c - xs[second] * s;
                expected[second] = xs[second] * c + xs[first] * s;
            }
        }
        Tensor y = ops.rope(x, headDim, new RopeTable(cos, sin, interleaved));
        assertEquals(y.address(), x.address(), "in place");
        assertClose(y, expected, 4);
    }

    private static void assertClose(Tensor actual, double[] expected, double magnitude) {
        float[] values = values(actual);
        assertEquals(values.length, expected.length);
        for (int i = 0; i < expected.length; i++) {
            double tolerance = TOLERANCE * Math.max(magnitude, Math.abs(expected[i]));
            assertEquals(values[i], expected[i], tolerance, "seed " + SEED + ", element " + i);
        }
    }
}
