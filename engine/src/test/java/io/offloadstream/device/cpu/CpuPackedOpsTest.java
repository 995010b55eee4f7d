/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.cpu;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertThrows;
import static org.testng.Assert.assertTrue;

import io.offloadstream.device.Workspace;
import io.offloadstream.ops.Ops;
import io.offloadstream.ops.Phase;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.Activation;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.quant.PackedWeight;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.testng.annotations.AfterMethod;
import org.testng.annotations.BeforeMethod;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** Operators on losslessly packed weights give the bits that they give on BF16. */
public class CpuPackedOpsTest {

    private static final long SEED = 77;
    private static final long WORKSPACE_BYTES = 16 << 20;

    private final List<HostMemory> held = new ArrayList<>();
    private MemoryBudget budget;
    private CpuBackend backend;
    private Workspace workspace;

    @BeforeMethod
    public void open() {
        budget = MemoryBudget.unlimited("test");
        backend = new CpuBackend(3);
        workspace = backend.newWorkspace(budget, budget, 0, WORKSPACE_BYTES);
    }

    @AfterMethod(alwaysRun = true)
    public void close() {
        workspace.close();
        backend.close();
        held.forEach(HostMemory::close);
        held.clear();
        budget.close();
    }

    private long put(byte[] bytes) {
        HostMemory memory = HostMemory.allocate(budget, "tensor", bytes.length);
        held.add(memory);
        memory.buffer(0, bytes.length).put(bytes);
        return memory.address();
    }

    private Tensor plain(PackedWeight weight) {
        return new Tensor(DType.BF16, put(weight.plain), weight.rows, weight.columns);
    }

    private Tensor packed(PackedWeight weight) {
        return Tensor.packed(
                put(weight.packed), put(weight.escapes), 0, weight.rows, weight.columns);
    }

    private Tensor activations(Random random, int rows, int columns) {
        Tensor x = workspace.allocate(DType.F32, rows, columns);
        var values = HostMemory.view(x.address(), (int) x.sizeBytes()).asFloatBuffer();
        for (int i = 0; i < x.count(); i++) {
            values.put(i, (float) random.nextGaussian());
        }
        return x;
    }

    private static int[] bits(Tensor x) {
        int[] bits = new int[(int) x.count()];
        HostMemory.view(x.address(), (int) x.sizeBytes()).asIntBuffer().get(bits);
        return bits;
    }

    private static void assertSameBits(Tensor actual, Tensor expected, String what) {
        assertEquals(Arrays.mismatch(bits(actual), bits(expected)), -1, what + ", seed " + SEED);
    }

    @DataProvider
    public Object[][] rows() {
        return new Object[][] {{1}, {7}, {41}};
    }

    @Test(dataProvider = "rows")
    public void productsHaveTheBitsOfBf16(int rows) {
        Random random = new Random(SEED + rows);
        Ops ops = backend.ops(workspace, Phase.of(rows));
        PackedWeight one = new PackedWeight(random, 333, 416);
        PackedWeight other = new PackedWeight(random, 333, 416);
        assertTrue(one.escapeCount > 0);
        Tensor x = activations(random, rows, 416);
        assertSameBits(ops.linear(x, packed(one), null), ops.linear(x, plain(one), null), "linear");
        assertSameBits(
                ops.gatedLinear(Activation.SILU, x, packed(one), null, packed(other), null),
                ops.gatedLinear(Activation.SILU, x, plain(one), null, plain(other), null),
                "gatedLinear");
    }

    /** A tile of the head: rows of a table that begin amid it, into columns of the logits. */
    @Test(dataProvider = "rows")
    public void aTileFindsItsEscapes(int rows) {
        Random random = new Random(SEED - rows);
        Ops ops = backend.ops(workspace, Phase.of(rows));
        PackedWeight head = new PackedWeight(random, 210, 96);
        Tensor x = activations(random, rows, 96);
        Tensor actual = workspace.allocate(DType.F32, rows, 210);
        Tensor expected = workspace.allocate(DType.F32, rows, 210);
        for (int begin = 0; begin < 210; begin += 70) {
            ops.linearInto(x, packed(head).rows(begin, begin + 70), actual, begin);
            ops.linearInto(x, plain(head).rows(begin, begin + 70), expected, begin);
        }
        assertSameBits(actual, expected, "tiles");
    }

    /** More rows than one call of the kernel takes. */
    @Test
    public void gatheredRowsHaveTheBitsOfBf16() {
        Random random = new Random(SEED);
        PackedWeight table = new PackedWeight(random, 91, 64);
        Tensor packed = packed(table);
        Tensor plain = plain(table);
        int count = 700;
        int[] numbers = random.ints(count, 0, table.rows).toArray();
        long[] addresses =
                Arrays.stream(numbers)
                        .mapToLong(row -> packed.rows(row, row + 1).address())
                        .toArray();
        long[] original =
                Arrays.stream(numbers)
                        .mapToLong(row -> plain.rows(row, row + 1).address())
                        .toArray();
        Ops ops = backend.ops(workspace, Phase.PREFILL);
        Tensor actual = workspace.allocate(DType.F32, count, 64);
        Tensor expected = workspace.allocate(DType.F32, count, 64);
        ops.gatherPacked(addresses, numbers, packed.escapes(), actual);
        ops.gather(original, DType.BF16, expected);
        assertSameBits(actual, expected, "rows");
    }

    @Test
    public void whatNeedsEscapesIsRefusedWithoutThem() {
        Ops ops = backend.ops(workspace, Phase.DECODE);
        Tensor target = workspace.allocate(DType.F32, 1, 64);
        assertThrows(
                IllegalArgumentException.class,
                () -> ops.gather(new long[1], DType.BF16_PACKED, target));
        assertThrows(
                IllegalArgumentException.class,
                () -> ops.gatherPacked(new long[1], new int[2], 0, target));
        PackedWeight norm = new PackedWeight(new Random(SEED), 4, 64);
        assertThrows(
                IllegalArgumentException.class,
                () -> ops.rmsNorm(target, packed(norm).rows(0, 1), 1e-5f));
    }
}
