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
import java.util.Arrays;
import java.util.Random;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/**
 * Products that share a launch give the bits of products apart, which {@link GpuLinearTest} holds
 * to the reference; gates are held to the functions in double precision.
 */
public class GpuFusedLinearTest extends GpuLinearFixture {

    private static final long SEED = 4711;

    /**
     * Rows, types of the weights; odd counts of outputs, so that groups of one end amid the next.
     */
    @DataProvider
    public Object[][] together() {
        DType bf16 = DType.BF16;
        DType q8 = DType.Q8_0;
        return new Object[][] {
            {1, new DType[] {bf16, bf16, bf16}},
            {5, new DType[] {bf16, bf16}},
            {2, new DType[] {q8, q8, q8, q8}},
            {3, new DType[] {DType.F16, bf16, bf16}},
            {7, new DType[] {DType.Q4_0, DType.F32, DType.Q4_0}},
            {21, new DType[] {bf16, q8, DType.F32}},
        };
    }

    @Test(dataProvider = "together")
    public void severalWeightsGiveTheBitsOfEach(int rows, DType[] types) {
        Random random = new Random(SEED + rows);
        int in = 96;
        Tensor x = gpu.floats(floats(random, rows * in), rows, in);
        Tensor[] weights = new Tensor[types.length];
        Tensor[] biases = new Tensor[types.length];
        Tensor[] y = new Tensor[types.length];
        for (int i = 0; i < types.length; i++) {
            int out = 9 - 2 * i;
            weights[i] = put(StoredWeight.random(random, types[i], out, in));
            biases[i] = i == 1 ? null : put(StoredWeight.random(random, DType.F16, 1, out));
            y[i] = gpu.result(rows, out);
        }
        GpuLinear linear = of(rows);
        linear.linears(x, weights, biases, y);
        for (int i = 0; i < types.length; i++) {
            Tensor apart = gpu.result(rows, weights[i].rows());
            linear.linear(x, weights[i], biases[i], apart);
            assertBits(gpu.read(y[i]), gpu.read(apart), "weight " + i);
        }
    }

    /** Rows, types of gate and up. */
    @DataProvider
    public Object[][] gates() {
        return new Object[][] {
            {1, DType.BF16, DType.BF16},
            {2, DType.F32, DType.F32},
            {6, DType.Q4_0, DType.Q4_0},
            {8, DType.Q8_0, DType.Q8_0},
            {3, DType.F16, DType.BF16},
            {9, DType.BF16, DType.BF16},
            {66, DType.F16, DType.Q8_0},
        };
    }

    @Test(dataProvider = "gates")
    public void gateIsTheActivationTimesTheOther(int rows, DType gateType, DType upType) {
        Random random = new Random(SEED + rows);
        int in = 64;
        int out = 7;
        Tensor x = gpu.floats(floats(random, rows * in), rows, in);
        Tensor gate = put(StoredWeight.random(random, gateType, out, in));
        Tensor up = put(StoredWeight.random(random, upType, out, in));
        Tensor gateBias = put(StoredWeight.random(random, DType.BF16, 1, out));
        GpuLinear linear = of(rows);
        Tensor gated = gpu.result(rows, out);
        Tensor raised = gpu.result(rows, out);
        linear.linear(x, gate, gateBias, gated);
        linear.linear(x, up, null, raised);
        float[] a = gpu.read(gated);
        float[] b = gpu.read(raised);
        for (Activation activation : Activation.values()) {
            Tensor y = gpu.result(rows, out);
            Tensor scratch = gpu.result(rows, out);
            linear.gatedLinear(activation, x, gate, gateBias, up, null, scratch, y);
            float[] actual = gpu.read(y);
            for (int i = 0; i < actual.length; i++) {
                double expected = activate(activation, a[i]) * b[i];
                double error = 1e-6 * Math.abs(expected) + 1e-7 * Math.abs(b[i]);
                assertTrue(
                        Math.abs(actual[i] - expected) <= error,
                        activation
                                + " of "
                                + a[i]
                                + " times "
                                + b[i]
                                + " is "
                                + expected
                                + ", not "
                                + actual[i]
                                + "; seed "
                                + SEED);
            }
            Tensor last = gpu.result(1, out);
            linear.gatedLinear(
                    activation, x.rows(rows - 1, rows), gate, gateBias, up, null, scratch, last);
            float[] expected = Arrays.copyOfRange(actual, (rows - 1) * out, rows * out);
            assertBits(gpu.read(last), expected, activation + " of the last row alone");
        }
    }

    private Tensor put(StoredWeight weight) {
        return gpu.put(weight.type, weight.bytes, 0, weight.rows, weight.columns);
    }

    private static double activate(Activation activation, double x) {
        return switch (activation) {
            case SILU -> x / (1 + Math.exp(-x));
            case GELU_TANH -> {
                double v = Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x);
                yield x / (1 + Math.exp(-2 * v));
            }
            case GELU_ERF -> x * normalBelow(x);
            case RELU -> Math.max(x, 0);
        };
    }

    /** The normal distribution function, from the series of its density; 1 or 0 beyond 8. */
    private static double normalBelow(double x) {
        if (Math.abs(x) > 8) {
            return x > 0 ? 1 : 0;
        }
        double term = x;
        double sum = x;
        for (int n = 1; Math.abs(term) > 1e-19; n++) {
            term *= x * x / (2 * n + 1);
            sum += term;
        }
        return 0.5 + sum * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
    }

    private static float[] floats(Random random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian() / 4;
        }
        return values;
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
