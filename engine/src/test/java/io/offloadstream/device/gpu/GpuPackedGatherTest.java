/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import static org.testng.Assert.assertTrue;

import io.offloadstream.ops.Phase;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.quant.PackedWeight;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import org.testng.annotations.Test;

/** Rows of a losslessly packed table reach the device bit for bit. */
public class GpuPackedGatherTest {

    private GpuFixture gpu;

    /** The device; a subclass has another. */
    GpuFixture openFixture() {
        return new GpuFixture();
    }

    @BeforeClass
    public void open() {
        gpu = openFixture();
    }

    @AfterClass(alwaysRun = true)
    public void close() {
        if (gpu != null) {
            gpu.close();
        }
    }

    private long put(byte[] bytes) {
        HostMemory memory = gpu.hostMemory(bytes.length);
        memory.buffer(0, bytes.length).put(bytes);
        return memory.address();
    }

    /** More rows than the staging takes at once, some of them twice. */
    @Test
    public void everyWeightArrives() {
        gpu.begin(31);
        PackedWeight table = new PackedWeight(gpu.random(), 57, 1056);
        assertTrue(table.escapeCount > 0);
        long packed = put(table.packed);
        long plain = put(table.plain);
        int count = 100;
        long[] addresses = new long[count];
        long[] original = new long[count];
        int[] numbers = new int[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = gpu.random().nextInt(table.rows);
            addresses[i] = packed + numbers[i] * DType.BF16_PACKED.bytes(table.columns);
            original[i] = plain + 2L * numbers[i] * table.columns;
        }
        Tensor actual = gpu.workspace.allocate(DType.F32, count, table.columns);
        Tensor expected = gpu.workspace.allocate(DType.F32, count, table.columns);
        gpu.ops(Phase.DECODE).gatherPacked(addresses, numbers, put(table.escapes), actual);
        gpu.ops(Phase.DECODE).gather(original, DType.BF16, expected);
        gpu.assertSameBits(gpu.read(actual), gpu.read(expected), "rows");
    }
}
