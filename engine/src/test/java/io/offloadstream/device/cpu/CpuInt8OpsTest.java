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
import io.offloadstream.platform.MemoryBudget;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.testng.annotations.AfterMethod;
import org.testng.annotations.BeforeMethod;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** Operators on int8 activations: what they round, what they leave alone, what they take. */
public class CpuInt8OpsTest {

    private static final long SEED = 41;
    private static final long WORKSPACE_BYTES = 16 << 20;
    private static final int IN = 96;
    private static final int OUT = 70;

    private final List<HostMemory> held = new ArrayList<>();
    private MemoryBudget budget;
    private CpuBackend float32;
    private CpuBackend int8;

    @BeforeMethod
    public void open() {
        budget = MemoryBudget.unlimited("test");
        float32 = new CpuBackend(3);
        int8 = new CpuBackend(3, ComputeType.INT8);
    }

    @AfterMethod(alwaysRun = true)
    public void close() {
        float32.close();
        int8.close();
        held.forEach(HostMemory::close);
        held.clear();
        budget.close();
    }

    private Tensor take(DType type, int rows, int columns) {
        HostMemory memory = HostMemory.allocate(budget, "tensor", rows * type.bytes(columns));
        held.add(memory);
        return new Tensor(type, memory.address(), rows, columns);
    }

    private Tensor floats(Random random, int rows, int columns) {
        Tensor x = take(DType.F32, rows, columns);
        var values = HostMemory.view(x.address(), (int) x.sizeBytes()).asFloatBuffer();
        for (int i = 0; i < x.count(); i++) {
            values.put(i, (float) random.nextGaussian());
        }
        return x;
    }

    private Tensor blocks(Random random, DType type) {
        Tensor weight = take(type, OUT, IN);
        int sizeBytes = Math.toIntExact(OUT * type.bytes(IN));
        byte[] bytes = new byte[sizeBytes];
        random.nextBytes(bytes);
        ByteBuffer target = HostMemory.view(weight.address(), sizeBytes);
        target.put(bytes);
        for (int at = 0; at < sizeBytes; at += (int) type.bytes(32)) {
            target.putShort(at, HalfFloat.toF16(0.01f * random.nextFloat()));
        }
        return weight;
    }

    private static float[] read(Tensor x) {
        float[] values = new float[(int) x.count()];
        HostMemory.view(x.address(), (int) x.sizeBytes()).asFloatBuffer().get(values);
        return values;
    }

    /** All products of a block, in this order; results of one after the other. */
    private List<float[]> products(CpuBackend backend, int rows, long workspaceBytes) {
        Random random = new Random(SEED + rows);
        Tensor x = floats(random, rows, IN);
        Tensor eight = blocks(random, DType.Q8_0);
        Tensor four = blocks(random, DType.Q4_0);
        Tensor plain = floats(random, OUT, IN);
        Tensor target = floats(random, rows, OUT);
        Tensor logits = take(DType.F32, rows, OUT + 7);
        List<float[]> results = new ArrayList<>();
        try (Workspace workspace = backend.newWorkspace(budget, budget, 0, workspaceBytes)) {
            Ops ops = backend.ops(workspace, Phase.of(rows));
            for (Tensor y :
                    ops.linears(
                            x,
                            new Tensor[] {eight, plain, four},
                            new Tensor[] {null, null, null})) {
                results.add(read(y));
            }
            results.add(read(ops.linear(x, four, null)));
            results.add(read(ops.gatedLinear(Activation.SILU, x, eight, null, four, null)));
            ops.linearAdd(target, x, eight, null);
            results.add(read(target));
            ops.linearInto(x, four, logits, 7);
            results.add(read(logits));
            results.add(read(ops.linearTransposed(x, eight, null)));
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
        ops.linearTransposed(x, new Tensor(DType.F32, 0, IN, OUT), null);
    }

    @DataProvider
    public Object[][] rows() {
        return new Object[][] {{1}, {5}, {19}};
    }

    @Test(dataProvider = "rows")
    public void productsWithBlocksAreRoundedAndNoOthers(int rows) {
        List<float[]> exact = products(float32, rows, WORKSPACE_BYTES);
        List<float[]> rounded = products(int8, rows, WORKSPACE_BYTES);
        for (int i = 0; i < exact.size(); i++) {
            boolean plain = i == 1 || i == exact.size() - 1;
            double difference = 0;
            double norm = 0;
            for (int j = 0; j < exact.get(i).length; j++) {
                difference += Math.pow(rounded.get(i)[j] - (double) exact.get(i)[j], 2);
                norm += Math.pow(exact.get(i)[j], 2);
            }
            double relative = Math.sqrt(difference / norm);
            String what = "product " + i + " of " + rows + " rows: " + relative;
            assertTrue(plain ? relative == 0 : relative > 0 && relative < 0.02, what);
        }
        assertEquals(rounded.get(2), rounded.get(3), "together or alone");
    }

    @Test(dataProvider = "rows")
    public void productsTakeWhatWasMeasured(int rows) {
        MeasuringOps measuring = new MeasuringOps(int8.scratchRules());
        measure(measuring, rows);
        long last = (4L * rows * OUT + 63) / 64 * 64;
        long sizeBytes = measuring.peakBytes() + last;
        products(int8, rows, sizeBytes);
        assertThrows(IllegalStateException.class, () -> products(int8, rows, sizeBytes - 1));
        MeasuringOps none = new MeasuringOps(float32.scratchRules());
        measure(none, rows);
        assertTrue(none.peakBytes() < measuring.peakBytes(), "float32 takes no more than results");
    }

    @Test
    public void theBackendSaysWhatItDoes() {
        assertTrue(int8.name().contains("int8"), int8.name());
        assertTrue(!float32.name().contains("int8"), float32.name());
        assertThrows(IllegalArgumentException.class, () -> new CpuBackend(1, ComputeType.FLOAT16));
    }
}
