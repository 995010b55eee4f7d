/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import io.offloadstream.ops.ComputeType;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.Activation;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.HalfFloat;
import io.offloadstream.platform.Owned;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.testng.SkipException;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import org.testng.annotations.Test;

/**
 * Products of many rows on a card's matrix units against the kernels that every device has, which
 * are given activations that were rounded before: each pair of types, both sizes of tile, and what
 * is left over behind the last tile. Skipped where there are no such units.
 */
public class MatrixUnitsTest {

    private static final long SEED = 20261122;
    private static final double UNIT = Math.pow(2, -24);

    /** What matrix units cut off, in units of a sum that is rounded, and what the other has. */
    private static final int ROUNDED_UNITS = 3;

    private static final int SPLIT_UNITS = 2;

    /** Of a sum that units make at once. */
    private static final int MATRIX_COLUMNS = 16;

    private static final double STEEPEST_SILU = 1.1;
    private static final int[] ROWS = {9, 64, 65, 129, 200};
    private static final int[] OUTPUTS = {1, 127, 129};
    private static final int[] COLUMNS = {8, 40, 4096};

    /** A compute type with weights that units take under it. */
    private record Pair(ComputeType computeType, DType weightType) {

        boolean isRounded() {
            return computeType.rounded() == weightType;
        }
    }

    private static final List<Pair> PAIRS =
            List.of(
                    new Pair(ComputeType.FLOAT32, DType.BF16),
                    new Pair(ComputeType.BFLOAT16, DType.BF16),
                    new Pair(ComputeType.FLOAT16, DType.F16),
                    new Pair(ComputeType.FLOAT16, DType.BF16));

    private TestGpu gpu;
    private ProductKernels kernels;
    private Products common;

    @BeforeClass
    public void open() {
        gpu = TestGpu.of(new CudaCard());
        if (!gpu.gpu().hasModule("prefill_cuda")) {
            throw new SkipException("no matrix units: " + gpu.gpu().info().name());
        }
        kernels = new ProductKernels(gpu.gpu());
        common = new PrefillProducts(kernels, gpu.stream(), null);
    }

    @AfterClass(alwaysRun = true)
    public void close() {
        Owned.closeAll(kernels, gpu);
    }

    /** A product's operands, on the device and as they are. */
    private final class Operands {

        private final String what;
        private final StoredWeight stored;
        private final StoredWeight storedBias;
        private final float[] taken;
        private final int sumUnits;
        private final Tensor x;
        private final Tensor exact;
        private final Tensor weight;
        private final Tensor bias;

        Operands(Pair pair, Random random, int rows, int in, int out) {
            what = pair + ", " + rows + " rows of " + in + " by " + out + "; seed " + SEED;
            sumUnits = pair.isRounded() ? ROUNDED_UNITS : SPLIT_UNITS;
            float[] values = gaussian(random, rows * in);
            taken = pair.isRounded() ? rounded(values, pair.weightType()) : values;
            stored = StoredWeight.random(random, pair.weightType(), out, in);
            storedBias = StoredWeight.random(random, DType.F16, 1, out);
            x = gpu.floats(values, rows, in);
            exact = gpu.floats(taken, rows, in);
            weight = gpu.put(pair.weightType(), stored.bytes, 0, out, in);
            bias = gpu.put(DType.F16, storedBias.bytes, 0, out);
        }

        /** How far apart two sums may be of which neither loses more than it must. */
        double[] limits(StoredWeight by, StoredWeight added) {
            int in = by.columns;
            double[] limits = new double[x.rows() * by.rows];
            for (int index = 0; index < limits.length; index++) {
                int row = index / by.rows;
                int output = index % by.rows;
                double magnitude = added == null ? 0 : Math.abs(added.values[output]);
                for (int i = 0; i < in; i++) {
                    magnitude += Math.abs(taken[row * in + i] * by.values[output * in + i]);
                }
                limits[index] = (in + MATRIX_COLUMNS) * sumUnits * UNIT * magnitude;
            }
            return limits;
        }
    }

    private Products units(Pair pair, Tensor x, Tensor weight) {
        MatrixUnits units = MatrixUnits.find(gpu.gpu(), kernels, pair.computeType());
        assertTrue(units.take(x, weight), pair + " is not left to others");
        return new PrefillProducts(kernels, gpu.stream(), units);
    }

    @Test
    public void productsAreThoseOfTheCommonKernels() {
        for (Pair pair : PAIRS) {
            for (int rows : ROWS) {
                for (int out : OUTPUTS) {
                    for (int in : COLUMNS) {
                        Random random = new Random(SEED + rows + 1009L * out + 31L * in);
                        check(pair, random, rows, in, out);
                        gpu.clear();
                    }
                }
            }
        }
    }

    private void check(Pair pair, Random random, int rows, int in, int out) {
        Operands gate = new Operands(pair, random, rows, in, out);
        Products units = units(pair, gate.x, gate.weight);
        Tensor y = gpu.result(rows, out);
        Tensor expected = gpu.result(rows, out);
        units.linear(gate.x, gate.weight, gate.bias, y);
        common.linear(gate.exact, gate.weight, gate.bias, expected);
        float[] product = gpu.read(expected);
        double[] limits = gate.limits(gate.stored, gate.storedBias);
        requireClose(gpu.read(y), product, limits, "product, " + gate.what);

        Tensor scratch = gpu.result(rows, out);
        units.linearAdd(gate.x, gate.weight, gate.bias, scratch, y);
        common.linearAdd(gate.exact, gate.weight, gate.bias, scratch, expected);
        double[] twice = Arrays.stream(limits).map(limit -> 3 * limit).toArray();
        requireClose(gpu.read(y), gpu.read(expected), twice, "sum, " + gate.what);

        StoredWeight other = StoredWeight.random(random, pair.weightType(), out, in);
        Tensor up = gpu.put(pair.weightType(), other.bytes, 0, out, in);
        checkGate(gate, up, units, product, limits, gate.limits(other, null));
    }

    /** Both factors may be off: by the slope of the one times the other, and the reverse. */
    private void checkGate(
            Operands gate,
            Tensor up,
            Products units,
            float[] product,
            double[] limits,
            double[] upLimits) {
        int rows = gate.x.rows();
        int out = up.rows();
        Activation silu = Activation.SILU;
        Tensor raised = gpu.result(rows, out);
        common.linear(gate.exact, up, null, raised);
        float[] factors = gpu.read(raised);
        Tensor y = gpu.result(rows, out);
        Tensor expected = gpu.result(rows, out);
        Tensor scratch = gpu.result(rows, out);
        units.gatedLinear(silu, gate.x, gate.weight, gate.bias, up, null, scratch, y);
        common.gatedLinear(silu, gate.exact, gate.weight, gate.bias, up, null, scratch, expected);
        double[] gated = new double[limits.length];
        for (int i = 0; i < gated.length; i++) {
            gated[i] =
                    STEEPEST_SILU * limits[i] * (Math.abs(factors[i]) + upLimits[i])
                            + upLimits[i] * Math.abs(product[i])
                            + 1e-6 * Math.abs(product[i] * factors[i]);
        }
        requireClose(gpu.read(y), gpu.read(expected), gated, "gate, " + gate.what);
    }

    /** Tiles of 64 rows and of 128, and rows that fill none. */
    @Test
    public void aRowHasItsBitsInTilesOfEitherSize() {
        int in = 136;
        int out = 130;
        for (Pair pair : PAIRS) {
            Operands operands = new Operands(pair, new Random(SEED), 200, in, out);
            Products units = units(pair, operands.x, operands.weight);
            Tensor together = gpu.result(200, out);
            units.linear(operands.x, operands.weight, operands.bias, together);
            float[] expected = gpu.read(together);
            for (int end : new int[] {9, 64, 65, 128, 199}) {
                Tensor some = gpu.result(end, out);
                units.linear(operands.x.rows(0, end), operands.weight, operands.bias, some);
                float[] wanted = Arrays.copyOf(expected, end * out);
                assertEquals(gpu.read(some), wanted, end + " of " + operands.what);
            }
            gpu.clear();
        }
    }

    private static void requireClose(
            float[] actual, float[] expected, double[] limits, String what) {
        for (int i = 0; i < expected.length; i++) {
            assertTrue(
                    Math.abs(actual[i] - expected[i]) <= limits[i],
                    what + ", element " + i + ": " + actual[i] + " for " + expected[i]);
        }
    }

    private static float[] gaussian(Random random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static float[] rounded(float[] values, DType type) {
        float[] rounded = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            rounded[i] =
                    type == DType.F16
                            ? HalfFloat.fromF16(HalfFloat.toF16(values[i]))
                            : HalfFloat.fromBf16(HalfFloat.toBf16(values[i]));
        }
        return rounded;
    }
}
