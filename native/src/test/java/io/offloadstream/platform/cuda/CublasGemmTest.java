/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertThrows;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.platform.DType;
import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.gpu.Gpu;
import io.offloadstream.platform.gpu.GpuGemm;
import java.util.Random;
import org.testng.annotations.Test;

/** Products by cuBLAS, here a fake that multiplies as the documentation says. */
public class CublasGemmTest {

    private static final int ROWS = 5;
    private static final int IN = 19;
    private static final int OUT = 13;
    private static final int Y_STRIDE = 17;

    private int narrowedRows;
    private final float[] x = new float[ROWS * IN];
    private final float[] weight = new float[OUT * IN];

    /** Small integers: exact in every type, and in any order of summation. */
    private void fill(long seed) {
        Random random = new Random(seed);
        for (int i = 0; i < x.length; i++) {
            x[i] = random.nextInt(9) - 4;
        }
        for (int i = 0; i < weight.length; i++) {
            weight[i] = random.nextInt(9) - 4;
        }
    }

    @Test
    public void multipliesRowsWithTheTransposedWeight() {
        for (DType type : new DType[] {DType.F32, DType.BF16}) {
            check(type, type, 0);
        }
    }

    @Test
    public void widensWeightsPieceByPiece() {
        // Scratch for all rows, for 3 at a time (13 is no multiple), for one
        for (int rows : new int[] {OUT, 3, 1}) {
            check(DType.F32, DType.BF16, (long) rows * IN * Float.BYTES);
        }
    }

    @Test
    public void narrowsActivationsPieceByPiece() {
        for (int rows : new int[] {ROWS, 2, 1}) {
            narrowedRows = rows;
            check(DType.F32, DType.BF16, (long) rows * IN * Short.BYTES);
            narrowedRows = 0;
        }
    }

    private void check(DType xType, DType weightType, long scratchBytes) {
        fill(scratchBytes + 7);
        try (FakeCuda fake = FakeCuda.install();
                MemoryBudget host = new MemoryBudget("hostMemory", 1 << 20);
                MemoryBudget device = new MemoryBudget("deviceMemory", 64 << 20);
                Gpu gpu = fake.open();
                GpuGemm gemm = gpu.gemm(device);
                DeviceStream stream = gpu.newStream("compute");
                HostMemory staging = gpu.allocateHost(host, "staging", 4096);
                DeviceBuffer memory = gpu.allocate(device, "x, weight, y", 3 * 4096);
                DeviceBuffer scratch = gpu.allocate(device, "scratch", 4096)) {
            long xAddress = memory.address();
            long weightAddress = xAddress + 4096;
            long y = xAddress + 2 * 4096;
            upload(stream, staging, x, xType, xAddress);
            upload(stream, staging, weight, weightType, weightAddress);
            if (scratchBytes == 0) {
                gemm.multiply(stream, xAddress, weightAddress, xType, ROWS, IN, OUT, y, Y_STRIDE);
            } else if (narrowedRows > 0) {
                gemm.multiplyNarrowed(
                        stream,
                        xAddress,
                        weightAddress,
                        weightType,
                        ROWS,
                        IN,
                        OUT,
                        y,
                        Y_STRIDE,
                        scratch.address(),
                        scratchBytes);
            } else {
                gemm.multiplyWidened(
                        stream,
                        xAddress,
                        weightAddress,
                        weightType,
                        ROWS,
                        IN,
                        OUT,
                        y,
                        Y_STRIDE,
                        scratch.address(),
                        scratchBytes);
            }
            stream.download(y, staging.address(), 0, 4L * ROWS * Y_STRIDE, 1);
            stream.synchronize();
            for (int row = 0; row < ROWS; row++) {
                for (int out = 0; out < OUT; out++) {
                    float sum = 0;
                    for (int i = 0; i < IN; i++) {
                        sum += x[row * IN + i] * weight[out * IN + i];
                    }
                    float found = staging.buffer(4L * (row * Y_STRIDE + out), 4).getFloat();
                    assertEquals(found, sum, xType + ", row " + row + ", out " + out);
                }
            }
        }
    }

    private static void upload(
            DeviceStream stream, HostMemory staging, float[] values, DType type, long target) {
        int width = type == DType.F32 ? 4 : 2;
        for (int i = 0; i < values.length; i++) {
            int bits = Float.floatToRawIntBits(values[i]);
            if (type == DType.F32) {
                staging.buffer(4L * i, 4).putInt(bits);
            } else {
                staging.buffer(2L * i, 2).putShort((short) (bits >>> 16));
            }
        }
        stream.upload(staging.address(), target, (long) width * values.length);
    }

    @Test
    public void chargesItsWorkspaceAndGivesItBack() {
        try (FakeCuda fake = FakeCuda.install();
                Gpu gpu = fake.open()) {
            try (MemoryBudget small = new MemoryBudget("deviceMemory", 1 << 20)) {
                assertThrows(RuntimeException.class, () -> gpu.gemm(small));
            }
            try (MemoryBudget device = new MemoryBudget("deviceMemory", 64 << 20);
                    GpuGemm gemm = gpu.gemm(device)) {
                assertTrue(device.usedBytes() >= 32 << 20, gemm + " charged");
                assertThrows(
                        IllegalArgumentException.class,
                        () -> gemm.multiply(null, 0, 0, DType.Q8_0, 1, 32, 1, 0, 1));
            }
            System.setProperty(CublasGemm.PROPERTY, "no-such-cublas");
            DeviceException e =
                    expectThrows(
                            DeviceException.class,
                            () -> gpu.gemm(MemoryBudget.unlimited("deviceMemory")));
            assertTrue(e.getMessage().contains("leave gemm out"), e.getMessage());
        }
    }
}
