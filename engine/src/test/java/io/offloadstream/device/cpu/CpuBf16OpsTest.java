/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.cpu;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertThrows;
import static org.testng.Assert.assertTrue;

import io.offloadstream.device.Workspace;
import io.offloadstream.ops.ComputeType;
import io.offloadstream.ops.MeasuringOps;
import io.offloadstream.ops.Ops;
import io.offloadstream.ops.Phase;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.Activation;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.HalfFloat;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.KernelProvider;
import io.offloadstream.platform.Kernels;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.ReferenceKernels;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.testng.annotations.AfterMethod;
import org.testng.annotations.BeforeMethod;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** Operators on bfloat16 activations: what they round, what they leave alone, what they take. */
public class CpuBf16OpsTest {

    private static final long SEED = 43;
    private static final long WORKSPACE_BYTES = 16 << 20;
    private static final int IN = 83;
    private static final int OUT = 70;

    private final List<HostMemory> held = new ArrayList<>();
    private MemoryBudget budget;

    @BeforeMethod
    public void open() {
        budget = MemoryBudget.unlimited("test");
    }

    @AfterMethod(alwaysRun = true)
    public void close() {
        held.forEach(HostMemory::close);
        held.clear();
        budget.close();
    }

    private Tensor take(DType type, int rows, int columns) {
        HostMemory memory = HostMemory.allocate(budget, "tensor", rows * type.bytes(columns));
        held.add(memory);
        return new Tensor(type, memory.address(), rows, columns);
    }

    /** Values that bfloat16 holds, if exact. */
    private Tensor floats(Random random, int rows, int columns, boolean exact) {
        Tensor x = take(DType.F32, rows, columns);
        var values = HostMemory.view(x.address(), (int) x.sizeBytes()).asFloatBuffer();
        for (int i = 0; i < x.count(); i++) {
            float value = (float) random.nextGaussian();
            values.put(i, exact ? HalfFloat.fromBf16(HalfFloat.toBf16(value)) : value);
        }
        return x;
    }

    private Tensor bf16(Random random) {
        Tensor weight = take(DType.BF16, OUT, IN);
        var values = HostMemory.view(weight.address(), (int) weight.sizeBytes()).asShortBuffer();
        for (int i = 0; i < weight.count(); i++) {
            values.put(i, HalfFloat.toBf16((float) random.nextGaussian()));
        }
        return weight;
    }

    private static float[] read(Tensor x) {
        float[] values = new float[(int) x.count()];
        HostMemory.view(x.address(), (int) x.sizeBytes()).asFloatBuffer().get(values);
        return values;
    }

    /** All products of a block, in this order; results of one after the other. */
    private List<float[]> products(
            Kernels kernels, ComputeType type, int rows, boolean exact, long workspaceBytes) {
        Random random = new Random(SEED + rows);
        Tensor x = floats(random, rows, IN, exact);
        Tensor first = bf16(random);
        Tensor second = bf16(random);
        Tensor plain = floats(random, OUT, IN, false);
        Tensor target = floats(random, rows, OUT, false);
        Tensor logits = take(DType.F32, rows, OUT + 7);
        List<float[]> results = new ArrayList<>();
        try (CpuBackend backend = new CpuBackend(kernels, 3, type);
                Workspace workspace = backend.newWorkspace(budget, budget, 0, workspaceBytes)) {
            Ops ops = backend.ops(workspace, Phase.of(rows));
            Tensor[] none = {null, null, null};
            for (Tensor y : ops.linears(x, new Tensor[] {first, plain, second}, none)) {
                results.add(read(y));
            }
            results.add(read(ops.linear(x, second, null)));
            results.add(read(ops.gatedLinear(Activation.SILU, x, first, null, second, null)));
            ops.linearAdd(target, x, first, null);
            results.add(read(target));
            ops.linearInto(x, second, logits, 7);
            results.add(read(logits));
            results.add(read(ops.linear(x, plain, null)));
        }
        return results;
    }

    private static void measure(MeasuringOps ops, int rows) {
        Tensor x = new Tensor(DType.F32, 0, rows, IN);
        Tensor weight = new Tensor(DType.F32, 0, OUT, IN);
        ops.linears(x, new Tensor[] {weight, weight, weight}, new Tensor[] {null, null, null});
        ops.linear(x, weight, null);
        ops.gatedLinear(Activation.SILU, x, weight, null, weight, null);
        ops.linearAdd(new Tensor(DType.F32, 0, rows, OUT), x, weight, null);
        ops.linearInto(x, weight, new Tensor(DType.F32, 0, rows, OUT + 7), 7);
        ops.linear(x, weight, null);
    }

    private static double relative(float[] actual, float[] expected) {
        double difference = 0;
        double norm = 0;
        for (int i = 0; i < expected.length; i++) {
            difference += Math.pow(actual[i] - (double) expected[i], 2);
            norm += Math.pow(expected[i], 2);
        }
        return Math.sqrt(difference / norm);
    }

    @DataProvider
    public Object[][] kernels() {
        List<Object[]> cases = new ArrayList<>();
        for (int rows : new int[] {1, 5, 19}) {
            cases.add(new Object[] {KernelProvider.kernels(), rows});
            cases.add(new Object[] {new ReferenceKernels(), rows});
        }
        return cases.toArray(Object[][]::new);
    }

    @Test(dataProvider = "kernels")
    public void productsWithBf16WeightsAreRoundedAndNoOthers(Kernels kernels, int rows) {
        List<float[]> exact = products(kernels, ComputeType.FLOAT32, rows, false, WORKSPACE_BYTES);
        List<float[]> rounded =
                products(kernels, ComputeType.BFLOAT16, rows, false, WORKSPACE_BYTES);
        for (int i = 0; i < exact.size(); i++) {
            boolean plain = i == 1 || i == exact.size() - 1;
            double relative = relative(rounded.get(i), exact.get(i));
            String what = "product " + i + " of " + rows + " rows: " + relative;
            assertTrue(plain ? relative == 0 : relative > 1e-4 && relative < 0.004, what);
        }
        assertEquals(rounded.get(2), rounded.get(3), "together or alone");
    }

    /** What bfloat16 holds loses nothing but the order of its sums. */
    @Test(dataProvider = "kernels")
    public void exactActivationsStayExact(Kernels kernels, int rows) {
        List<float[]> exact = products(kernels, ComputeType.FLOAT32, rows, true, WORKSPACE_BYTES);
        List<float[]> rounded =
                products(kernels, ComputeType.BFLOAT16, rows, true, WORKSPACE_BYTES);
        for (int i = 0; i < exact.size(); i++) {
            double relative = relative(rounded.get(i), exact.get(i));
            assertTrue(relative < 1e-6, "product " + i + " of " + rows + " rows: " + relative);
        }
    }

    @Test(dataProvider = "kernels")
    public void productsTakeWhatWasMeasured(Kernels kernels, int rows) {
        try (CpuBackend rounding = new CpuBackend(kernels, 1, ComputeType.BFLOAT16);
                CpuBackend float32 = new CpuBackend(kernels, 1)) {
            MeasuringOps measuring = new MeasuringOps(rounding.scratchRules());
            measure(measuring, rows);
            // the last product has float32 weights: it takes less than was measured
            long last = (kernels.roundedBytes() * (long) rows * IN + 63) / 64 * 64;
            long least = measuring.peakBytes() - last;
            ComputeType type = ComputeType.BFLOAT16;
            products(kernels, type, rows, false, least);
            assertThrows(
                    IllegalStateException.class,
                    () -> products(kernels, type, rows, false, least - 1));
            MeasuringOps none = new MeasuringOps(float32.scratchRules());
            measure(none, rows);
            assertTrue(none.peakBytes() < measuring.peakBytes(), "float32 takes results only");
        }
    }

    @Test
    public void theBackendSaysWhatItDoes() {
        try (CpuBackend backend = new CpuBackend(1, ComputeType.BFLOAT16)) {
            assertTrue(backend.name().contains("bfloat16 activations"), backend.name());
        }
    }
}
