/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.Activation;
import io.offloadstream.platform.DType;
import io.offloadstream.quant.PackedWeight;
import java.util.Random;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** Losslessly packed weights give bit for bit what the same weights give as BF16. */
public class GpuPackedLinearTest extends GpuLinearFixture {

    private static final long SEED = 1221;

    private long escapes;

    /** Rows, outputs, inner dimension, first row of a part. */
    @DataProvider
    public Object[][] shapes() {
        return new Object[][] {
            {1, 9, 64, 0},
            {1, 70, 2080, 13},
            {2, 31, 96, 5},
            {3, 26, 1056, 0},
            {5, 7, 4128, 3},
            {8, 21, 160, 20},
            {9, 67, 64, 0},
            {67, 130, 192, 63},
        };
    }

    private Tensor plain(PackedWeight weight) {
        return gpu.put(DType.BF16, weight.plain, 0, weight.rows, weight.columns);
    }

    private Tensor packed(PackedWeight weight) {
        escapes += weight.escapeCount;
        Tensor list = gpu.put(DType.U8, weight.escapes, 0, weight.escapes.length);
        Tensor blocks = gpu.put(DType.BF16_PACKED, weight.packed, 0, weight.rows, weight.columns);
        return Tensor.packed(blocks.address(), list.address(), 0, blocks.shape());
    }

    private Tensor floats(Random random, int rows, int columns) {
        float[] values = new float[rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return gpu.floats(values, rows, columns);
    }

    @Test(dataProvider = "shapes")
    public void productsHaveTheBitsOfBf16(int rows, int out, int in, int first) {
        Random random = new Random(SEED + out);
        PackedWeight weight = new PackedWeight(random, out, in);
        PackedWeight added = new PackedWeight(random, 2, 32 * ((out + 31) / 32));
        Tensor bias = gpu.put(DType.BF16, added.plain, 0, out - first);
        Tensor x = floats(random, rows, in);
        Tensor expected = gpu.result(rows, out - first);
        Tensor actual = gpu.result(rows, out - first);
        of(rows).linear(x, plain(weight).rows(first, out), bias, expected);
        of(rows).linear(x, packed(weight).rows(first, out), bias, actual);
        assertBits(actual, expected, "product");
        Tensor scratch = gpu.result(rows, out - first);
        of(rows).linearAdd(x, plain(weight).rows(first, out), null, scratch, expected);
        of(rows).linearAdd(x, packed(weight).rows(first, out), null, scratch, actual);
        assertBits(actual, expected, "sum");
        assertTrue(escapes > 0, "no escapes");
    }

    /** Each weight of a launch has a table and escapes of its own. */
    @Test(dataProvider = "shapes")
    public void weightsTogetherHaveTheBitsOfEach(int rows, int out, int in, int first) {
        Random random = new Random(SEED + in);
        Tensor x = floats(random, rows, in);
        Tensor[] plain = new Tensor[4];
        Tensor[] packed = new Tensor[4];
        Tensor[] expected = new Tensor[4];
        Tensor[] actual = new Tensor[4];
        for (int i = 0; i < 4; i++) {
            PackedWeight weight = new PackedWeight(random, out + i, in);
            plain[i] = plain(weight).rows(first, out + i);
            packed[i] = packed(weight).rows(first, out + i);
            expected[i] = gpu.result(rows, out + i - first);
            actual[i] = gpu.result(rows, out + i - first);
        }
        of(rows).linears(x, plain, new Tensor[4], expected);
        of(rows).linears(x, packed, new Tensor[4], actual);
        for (int i = 0; i < 4; i++) {
            assertBits(actual[i], expected[i], "weight " + i);
        }
    }

    @Test(dataProvider = "shapes")
    public void gatesHaveTheBitsOfBf16(int rows, int out, int in, int first) {
        Random random = new Random(SEED + in + out);
        Tensor x = floats(random, rows, in);
        PackedWeight gate = new PackedWeight(random, out, in);
        PackedWeight up = new PackedWeight(random, out, in);
        Tensor expected = gpu.result(rows, out);
        Tensor actual = gpu.result(rows, out);
        Tensor mixed = gpu.result(rows, out);
        Tensor scratch = gpu.result(rows, out);
        Activation silu = Activation.SILU;
        GpuLinear linear = of(rows);
        linear.gatedLinear(silu, x, packed(gate), null, packed(up), null, scratch, actual);
        linear.gatedLinear(silu, x, plain(gate), null, plain(up), null, scratch, expected);
        assertBits(actual, expected, "gate");
        linear.gatedLinear(silu, x, packed(gate), null, plain(up), null, scratch, mixed);
        assertClose(mixed, expected);
    }

    private void assertClose(Tensor actual, Tensor expected) {
        float[] a = gpu.read(actual);
        float[] e = gpu.read(expected);
        for (int i = 0; i < e.length; i++) {
            double limit = 1e-5 * Math.max(1, Math.abs(e[i]));
            assertEquals(a[i], e[i], limit, "element " + i + "; seed " + SEED);
        }
    }

    private void assertBits(Tensor actual, Tensor expected, String what) {
        float[] a = gpu.read(actual);
        float[] e = gpu.read(expected);
        assertEquals(a.length, e.length);
        for (int i = 0; i < e.length; i++) {
            assertEquals(
                    Float.floatToRawIntBits(a[i]),
                    Float.floatToRawIntBits(e[i]),
                    what + ", element " + i + "; seed " + SEED);
        }
    }
}
