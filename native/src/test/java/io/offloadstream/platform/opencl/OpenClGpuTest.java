/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.opencl;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertThrows;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.platform.BudgetExceededException;
import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.OffloadStreamException;
import io.offloadstream.platform.gpu.Gpu;
import io.offloadstream.platform.gpu.GpuKernel;
import java.nio.ByteBuffer;
import java.util.Random;
import org.testng.annotations.AfterClass;
import org.testng.annotations.AfterMethod;
import org.testng.annotations.BeforeClass;
import org.testng.annotations.BeforeMethod;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

public class OpenClGpuTest {

    private Gpu gpu;
    private MemoryBudget device;
    private MemoryBudget host;

    @BeforeClass
    public void open() {
        gpu = TestDevice.open();
    }

    @AfterClass(alwaysRun = true)
    public void close() {
        if (gpu != null) {
            gpu.close();
        }
    }

    @BeforeMethod
    public void openBudgets() {
        device = new MemoryBudget("deviceMemory", 1 << 26);
        host = new MemoryBudget("hostMemory", 1 << 26);
    }

    @AfterMethod(alwaysRun = true)
    public void nothingIsLeft() {
        if (device != null) { // not where all is skipped
            device.close();
            host.close();
        }
    }

    @DataProvider
    Object[][] hostSizes() {
        return new Object[][] {
            {1L}, {65L}, {4096L}, {12288L}, {HostMemory.MAPPED_BYTES - 1L}, {(3L << 20) + 5}
        };
    }

    @Test(dataProvider = "hostSizes")
    public void pinnedMemoryIsAlignedZeroedAndChargedExactly(long size) {
        for (int round = 0; round < 3; round++) { // the driver may hand the same pages out again
            try (HostMemory memory = gpu.allocateHost(host, "pinned", size)) {
                assertEquals(host.usedBytes(), HostMemory.chargedBytes(size));
                boolean pages = size >= HostMemory.MAPPED_BYTES || size % 4096 == 0;
                assertEquals(memory.address() % (pages ? 4096 : 64), 0);
                ByteBuffer bytes = memory.buffer(0, (int) size);
                for (int i = 0; i < size; i++) {
                    assertEquals(bytes.get(i), 0, "byte " + i);
                    bytes.put(i, (byte) -1);
                }
            }
        }
    }

    @Test
    public void bytesSurviveTheWayThereAndBack() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        int size = 100_003;
        try (HostMemory pinned = gpu.allocateHost(host, "pinned", size);
                HostMemory plain = HostMemory.allocate(host, "plain", 2L * size);
                DeviceBuffer first = gpu.allocate(device, "first", size);
                DeviceBuffer second = gpu.allocate(device, "second", size + 7);
                DeviceStream stream = gpu.newStream("copies")) {
            byte[] data = new byte[size];
            random.nextBytes(data);
            pinned.buffer(0, size).put(data);
            // In two parts, at odd offsets
            stream.upload(pinned.address(), first.address(), 33_333);
            stream.upload(pinned.address() + 33_333, first.address() + 33_333, size - 33_333);
            stream.copy(first.address() + 11, second.address() + 5, size - 11);
            stream.download(second.address() + 5, plain.address(), size - 11, size - 11, 1);
            stream.download(first.address() + 3, plain.address() + size, 19, 17, 23);
            stream.synchronize();
            for (int i = 0; i < size - 11; i++) {
                assertEquals(plain.buffer(i, 1).get(), data[i + 11], "seed " + seed + ", " + i);
            }
            for (int row = 0; row < 23; row++) {
                for (int i = 0; i < 19; i++) {
                    assertEquals(
                            plain.buffer(size + row * 19L + i, 1).get(),
                            i < 17 ? data[3 + row * 17 + i] : 0,
                            "seed " + seed + ", row " + row + ", " + i);
                }
            }
        }
    }

    @Test
    public void kernelTakesArgumentsInOrderAndBuffersAtOffsets() {
        int count = 777;
        try (HostMemory memory = gpu.allocateHost(host, "values", 3L * count * Float.BYTES);
                DeviceBuffer x = gpu.allocate(device, "x", 4L * count + 12);
                DeviceBuffer bias = gpu.allocate(device, "bias", 4L * count);
                DeviceBuffer y = gpu.allocate(device, "y", 4L * count + 256);
                DeviceStream stream = gpu.newStream("compute");
                GpuKernel combine = gpu.kernel("vectors", "combine")) {
            for (int i = 0; i < 2 * count; i++) {
                memory.buffer(4L * i, 4).putFloat(i < count ? i * 0.5f : i * 3f);
            }
            stream.upload(memory.address(), x.address() + 12, 4L * count);
            stream.upload(memory.address() + 4L * count, bias.address(), 4L * count);
            for (boolean withBias : new boolean[] {true, false}) {
                combine.buffer(x.address() + 12)
                        .buffer(withBias ? bias.address() : 0)
                        .buffer(y.address() + 256)
                        .int32(count)
                        .int64(3L << 32)
                        .float32(-2.5f)
                        .launch(stream, 13, 1, 1, 64);
                stream.download(
                        y.address() + 256,
                        memory.address() + 8L * count,
                        4L * count,
                        4L * count,
                        1);
                stream.synchronize();
                for (int i = 0; i < count; i++) {
                    float expected =
                            -2.5f * (i * 0.5f) + (withBias ? (i + count) * 3f : 0) + i * 3f;
                    assertEquals(memory.buffer(8L * count + 4L * i, 4).getFloat(), expected);
                }
            }
        }
    }

    @Test
    public void groupsAreLaidOutInThreeDimensions() {
        try (HostMemory memory = gpu.allocateHost(host, "places", 4 * 60);
                DeviceBuffer y = gpu.allocate(device, "y", 4 * 60);
                DeviceStream stream = gpu.newStream("compute");
                GpuKernel places = gpu.kernel("vectors", "places")) {
            places.buffer(y.address()).launch(stream, 3, 4, 5, 32);
            stream.download(y.address(), memory.address(), 4 * 60, 4 * 60, 1);
            stream.synchronize();
            for (int i = 0; i < 60; i++) {
                int expected = i % 3 + 100 * (i / 3 % 4) + 10000 * (i / 12);
                assertEquals(memory.buffer(4L * i, 4).getInt(), expected);
            }
        }
    }

    @Test
    public void wrongNumberOfArgumentsIsRefusedAndTheNextLaunchBeginsAnew() {
        try (DeviceBuffer y = gpu.allocate(device, "y", 4 * 60);
                DeviceStream stream = gpu.newStream("compute");
                GpuKernel places = gpu.kernel("vectors", "places")) {
            assertThrows(IllegalStateException.class, () -> places.launch(stream, 1, 1, 1, 32));
            places.buffer(y.address());
            assertThrows(IllegalStateException.class, () -> places.int32(1));
            places.buffer(y.address()).launch(stream, 1, 1, 1, 32);
            // The source says 32
            places.buffer(y.address());
            DeviceException refused =
                    expectThrows(DeviceException.class, () -> places.launch(stream, 1, 1, 1, 16));
            assertTrue(refused.getMessage().contains("vectors.places"), refused.getMessage());
            places.buffer(y.address()).launch(stream, 1, 1, 1, 32);
            stream.synchronize();
        }
    }

    @Test
    public void addressOutsideOfBuffersIsRefused() {
        try (DeviceBuffer before = gpu.allocate(device, "before", 1000);
                DeviceBuffer y = gpu.allocate(device, "y", 1000);
                DeviceStream stream = gpu.newStream("compute");
                GpuKernel places = gpu.kernel("vectors", "places")) {
            assertEquals(y.address() % 256, 0);
            long end = y.address() + 1000;
            for (long address : new long[] {1, -1, y.address() - 1, end, before.address() - 1}) {
                assertThrows(IllegalArgumentException.class, () -> places.buffer(address));
            }
            IllegalArgumentException past =
                    expectThrows(
                            IllegalArgumentException.class,
                            () -> stream.upload(0, y.address() + 1, 1000));
            assertTrue(past.getMessage().contains("y at 0x"), past.getMessage());
            assertThrows(
                    IllegalArgumentException.class,
                    () -> stream.download(y.address() + 1, 0, 500, 500, 2));
            assertThrows(
                    IllegalArgumentException.class,
                    () -> stream.copy(before.address(), y.address() + 501, 500));
            DeviceBuffer freed = gpu.allocate(device, "freed", 1000);
            places.buffer(freed.address());
            freed.close();
            assertThrows(IllegalArgumentException.class, () -> places.buffer(freed.address()));
        }
    }

    @Test
    public void allocationIsChargedUntilClosedAndRefusedBeyondTheBudget() {
        assertEquals(gpu.chargedBytes(1), 4096);
        assertEquals(gpu.chargedBytes(8193), 12288);
        long free = gpu.freeBytes();
        try (MemoryBudget small = new MemoryBudget("deviceMemory", 20_480)) {
            DeviceBuffer a = gpu.allocate(small, "a", 8193);
            assertEquals(small.usedBytes(), 12288);
            assertEquals(gpu.freeBytes(), free - 12288);
            BudgetExceededException refused =
                    expectThrows(
                            BudgetExceededException.class, () -> gpu.allocate(small, "b", 8193));
            assertTrue(refused.getMessage().contains("deviceMemory"), refused.getMessage());
            a.close();
            a.close(); // has no effect
            assertEquals(small.usedBytes(), 0);
            assertEquals(gpu.freeBytes(), free);
            assertThrows(IllegalArgumentException.class, () -> gpu.allocate(small, "none", 0));
        }
    }

    @Test
    public void pieceLargerThanTheDeviceAllowsIsRefusedWithTheOptionToLower() {
        try (MemoryBudget budget = MemoryBudget.unlimited("deviceMemory")) {
            DeviceException refused =
                    expectThrows(
                            DeviceException.class,
                            () -> gpu.allocate(budget, "KV cache", Long.MAX_VALUE / 2));
            assertTrue(refused.getMessage().contains("KV cache needs"), refused.getMessage());
            assertTrue(refused.getMessage().contains("lower deviceMemory"), refused.getMessage());
            OffloadStreamException pinned =
                    expectThrows(
                            OffloadStreamException.class,
                            () -> gpu.allocateHost(budget, "staging", Long.MAX_VALUE / 2));
            assertTrue(pinned.getMessage().contains("lower hostMemory"), pinned.getMessage());
            assertEquals(budget.usedBytes(), 0);
        }
    }

    @Test
    public void modulesOfOtherLanguagesAreLeftOut() {
        assertTrue(gpu.hasModule("vectors"));
        assertFalse(gpu.hasModule("tensor_cuda"));
        DeviceException noModule =
                expectThrows(DeviceException.class, () -> gpu.kernel("tensor_cuda", "multiply"));
        assertTrue(noModule.getMessage().contains("vectors"), noModule.getMessage());
        DeviceException noKernel =
                expectThrows(DeviceException.class, () -> gpu.kernel("vectors", "divide"));
        assertTrue(noKernel.getMessage().contains("divide"), noKernel.getMessage());
    }
}
