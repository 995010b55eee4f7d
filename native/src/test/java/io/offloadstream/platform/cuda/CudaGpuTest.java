/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertNotEquals;
import static org.testng.Assert.assertThrows;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.platform.BudgetExceededException;
import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.DeviceEvent;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.gpu.Gpu;
import io.offloadstream.platform.gpu.GpuKernel;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.testng.annotations.AfterMethod;
import org.testng.annotations.BeforeMethod;
import org.testng.annotations.Test;

/** An open device, on the fake driver. */
public class CudaGpuTest {

    private static final int MIB = 1 << 20;

    private FakeCuda fake;
    private MemoryBudget device;
    private MemoryBudget host;

    @BeforeMethod
    public void install() {
        fake = FakeCuda.install();
        device = new MemoryBudget("deviceMemory", 512L << 20);
        host = new MemoryBudget("hostMemory", 64L << 20);
    }

    @AfterMethod(alwaysRun = true)
    public void close() {
        if (fake != null) {
            device.close();
            host.close();
            assertEquals(fake.get("retained"), 0, "contexts that nobody released");
            assertEquals(fake.get("device_bytes"), 0, "device memory that nobody freed");
            assertEquals(fake.get("pinned_bytes"), 0, "pinned memory that nobody freed");
            fake.close();
            fake = null;
        }
    }

    @Test
    public void copiesThereAndBackByRows() {
        int rows = 7;
        int rowBytes = 36;
        int stride = 52;
        try (Gpu gpu = fake.open();
                DeviceStream stream = gpu.newStream("copy");
                DeviceBuffer first = gpu.allocate(device, "first", (long) rows * rowBytes);
                DeviceBuffer second = gpu.allocate(device, "second", (long) rows * rowBytes);
                HostMemory source = gpu.allocateHost(host, "source", (long) rows * rowBytes);
                HostMemory target = gpu.allocateHost(host, "target", (long) rows * stride)) {
            ByteBuffer bytes = source.buffer(0, rows * rowBytes);
            new Random(4).ints(rows * rowBytes).forEach(i -> bytes.put((byte) i));
            stream.upload(source.address(), first.address(), (long) rows * rowBytes);
            stream.copy(first.address(), second.address(), (long) rows * rowBytes);
            stream.download(second.address(), target.address(), stride, rowBytes, rows);
            stream.synchronize();
            for (int row = 0; row < rows; row++) {
                assertEquals(
                        target.buffer((long) row * stride, rowBytes),
                        source.buffer((long) row * rowBytes, rowBytes),
                        "row " + row);
            }
            assertEquals(target.buffer(rowBytes, stride - rowBytes).getInt(), 0, "between rows");
        }
    }

    @Test
    public void pinnedMemoryIsZeroedAndAligned() {
        try (Gpu gpu = fake.open()) {
            for (int size : new int[] {1, 100, 4096, 8192, MIB + 3}) {
                try (HostMemory memory = gpu.allocateHost(host, "pinned", size)) {
                    boolean pages = size % 4096 == 0 || size >= HostMemory.MAPPED_BYTES;
                    assertEquals(memory.address() % (pages ? 4096 : 64), 0, size + " bytes");
                    for (int i = 0; i < size; i++) {
                        assertEquals(memory.buffer(i, 1).get(), 0);
                    }
                    assertTrue(fake.get("pinned_bytes") >= size);
                    assertEquals(host.usedBytes(), HostMemory.chargedBytes(size));
                }
            }
        }
    }

    @Test
    public void chargesWhatTheDriverTakes() {
        Random random = new Random(11);
        try (Gpu gpu = fake.open()) {
            long opened = fake.get("device_bytes");
            try (DeviceBuffer large = gpu.allocate(device, "large", 5 * MIB + 1)) {
                assertEquals(device.usedBytes(), 6L * MIB);
                assertEquals(fake.get("device_bytes") - opened, 6L * MIB);
                assertEquals(large.sizeBytes(), 5L * MIB + 1);
            }
            List<DeviceBuffer> buffers = new ArrayList<>();
            for (int i = 0; i < 400; i++) {
                if (buffers.isEmpty() || random.nextInt(3) > 0) {
                    int size = 1 + random.nextInt(40_000);
                    DeviceBuffer buffer = gpu.allocate(device, "small", size);
                    assertEquals(buffer.address() % 256, 0);
                    for (DeviceBuffer other : buffers) {
                        assertTrue(
                                buffer.address() + size <= other.address()
                                        || other.address() + other.sizeBytes() <= buffer.address(),
                                "two ranges overlap");
                    }
                    buffers.add(buffer);
                } else {
                    buffers.remove(random.nextInt(buffers.size())).close();
                }
            }
            // A page more than what is charged: the one that every open device has
            assertTrue(fake.get("device_bytes") <= device.usedBytes() * 5 / 4 + 2 * MIB);
            buffers.forEach(DeviceBuffer::close);
            assertEquals(fake.get("device_bytes"), opened, "pages of small ranges go back");
        }
    }

    @Test
    public void refusesWhatBudgetOrDeviceDoesNotHold() {
        try (Gpu gpu = fake.open();
                MemoryBudget unlimited = MemoryBudget.unlimited("deviceMemory")) {
            assertThrows(
                    BudgetExceededException.class,
                    () -> gpu.allocate(device, "weights", 513L << 20));
            DeviceException e =
                    expectThrows(
                            DeviceException.class,
                            () -> gpu.allocate(unlimited, "weights", 900L << 20));
            assertTrue(e.getMessage().contains("weights needs " + (900L << 20)), e.getMessage());
            assertTrue(e.getMessage().contains(gpu.freeBytes() + " free"), e.getMessage());
            assertTrue(e.getMessage().contains("lower deviceMemory"), e.getMessage());
            assertEquals(unlimited.usedBytes(), 0);
            gpu.allocate(device, "small again", 900).close();
        }
    }

    @Test
    public void contextIsPartOfWhatIsTaken() {
        try (Gpu gpu = fake.open()) {
            assertEquals(
                    gpu.contextBytes(),
                    FakeCuda.MEMORY_BYTES - gpu.freeBytes(),
                    "without NVML: all that is not free");
        }
    }

    @Test
    public void eventsTellWhatHasPassedAndWhen() {
        try (Gpu gpu = fake.open();
                DeviceStream stream = gpu.newStream("compute");
                DeviceStream other = gpu.newStream("copy");
                DeviceEvent first = stream.record()) {
            other.await(first);
            fake.set("held_events", 1);
            assertFalse(first.isPassed());
            assertThrows(IllegalStateException.class, first::passedNanos);
            fake.set("held_events", 0);
            assertTrue(first.isPassed());
            first.await();
            long nanos = first.passedNanos();
            // An hour later a float of milliseconds has steps of a quarter: times must not
            fake.set("advance", 3_600_000_000_000L);
            try (DeviceEvent later = stream.record()) {
                assertTrue(later.passedNanos() - nanos >= 3_599_000_000_000L);
            }
            try (DeviceEvent before = stream.record()) {
                fake.set("advance", 10_000);
                try (DeviceEvent after = stream.record()) {
                    long between = after.passedNanos() - before.passedNanos();
                    assertTrue(between >= 10_000, between + " ns");
                    assertNotEquals(between % 250_000, 0, between + " ns");
                }
            }
        }
    }

    @Test
    public void kernelsComputeWithTheArgumentsSet() {
        int count = 100;
        try (Gpu gpu = fake.open();
                DeviceStream stream = gpu.newStream("compute");
                DeviceBuffer x = gpu.allocate(device, "x", 4L * count);
                DeviceBuffer y = gpu.allocate(device, "y", 12L * count);
                HostMemory values = gpu.allocateHost(host, "values", 12L * count);
                GpuKernel combine = gpu.kernel("probe", "combine")) {
            for (int i = 0; i < count; i++) {
                values.buffer(4L * i, 4).putFloat(i);
            }
            stream.upload(values.address(), x.address(), 4L * count);
            for (long bias : new long[] {0, x.address()}) {
                combine.buffer(x.address()).buffer(bias).buffer(y.address());
                combine.int32(count).int64(5L << 32).float32(0.5f).launch(stream, 2, 3, 1, 64);
                stream.download(y.address(), values.address(), 0, 12L * count, 1);
                stream.synchronize();
                for (int i = 0; i < 3 * count; i++) {
                    float expected = i % count * (bias == 0 ? 0.5f : 1.5f) + 5 * (i / count);
                    assertEquals(values.buffer(4L * i, 4).getFloat(), expected, "element " + i);
                }
            }
        }
    }

    @Test
    public void refusesArgumentsThatTheKernelDoesNotHave() {
        try (Gpu gpu = fake.open();
                DeviceStream stream = gpu.newStream("compute");
                GpuKernel combine = gpu.kernel("probe", "combine")) {
            combine.buffer(0).buffer(0).buffer(0).int32(1).int64(1);
            assertThrows(IllegalStateException.class, () -> combine.launch(stream, 1, 1, 1, 64));
            combine.buffer(0).buffer(0).buffer(0).int64(1).int64(1).float32(1);
            IllegalStateException e =
                    expectThrows(
                            IllegalStateException.class, () -> combine.launch(stream, 1, 1, 1, 64));
            assertTrue(e.getMessage().contains("parameter 6"), e.getMessage());
            assertThrows(DeviceException.class, () -> gpu.kernel("probe", "no such kernel"));
            assertThrows(DeviceException.class, () -> gpu.kernel("nothing", "combine"));
            assertTrue(gpu.hasModule("probe"));
            assertFalse(gpu.hasModule("nothing"));
        }
    }

    @Test
    public void usersShareOneContext() {
        try (Gpu first = fake.open()) {
            try (Gpu second = fake.open()) {
                assertEquals(fake.get("retained"), 1);
                assertEquals(second.contextBytes(), first.contextBytes());
            }
            first.allocate(device, "after the other closed", 10 * MIB).close();
            assertEquals(fake.get("retained"), 1);
        }
    }

    @Test
    public void everyThreadUsesTheContext() throws InterruptedException, ExecutionException {
        ExecutorService threads =
                Executors.newFixedThreadPool(2, work -> new Thread(work, "other"));
        try (Gpu gpu = fake.open();
                DeviceStream stream = gpu.newStream("copy")) {
            Future<?> work =
                    threads.submit(
                            () -> {
                                try (DeviceBuffer buffer = gpu.allocate(device, "x", 3 * MIB);
                                        DeviceEvent event = stream.record()) {
                                    stream.copy(buffer.address(), buffer.address() + MIB, 500);
                                    event.await();
                                }
                            });
            work.get();
            long before = fake.get("cuCtxSetCurrent");
            stream.synchronize();
            stream.record().close();
            assertEquals(fake.get("cuCtxSetCurrent"), before, "made current once per thread");
        } finally {
            threads.shutdown();
        }
    }

    @Test
    public void fatalErrorsPoisonUntilAllIsClosed() {
        Gpu gpu = fake.open();
        DeviceStream stream = gpu.newStream("compute");
        DeviceBuffer buffer = gpu.allocate(device, "x", 100);
        HostMemory pinned = gpu.allocateHost(host, "pinned", 100);
        fake.fail("cuStreamSynchronize", 719, 0);
        DeviceException failed = expectThrows(DeviceException.class, stream::synchronize);
        assertTrue(failed.getMessage().contains("CUDA_ERROR_LAUNCH_FAILED"), failed.getMessage());
        assertTrue(failed.getMessage().contains("stream compute"), failed.getMessage());
        DeviceException after =
                expectThrows(DeviceException.class, () -> gpu.allocate(device, "y", 5 * MIB));
        assertEquals(after.getMessage(), failed.getMessage());
        assertThrows(DeviceException.class, fake::open);
        pinned.close();
        buffer.close();
        stream.close();
        assertThrows(DeviceException.class, fake::open);
        gpu.close();
        try (Gpu again = fake.open()) {
            again.allocate(device, "the next model", 5 * MIB).close();
        }
    }

    @Test
    public void copyOutOfBoundsIsFatal() {
        try (Gpu gpu = fake.open();
                DeviceStream stream = gpu.newStream("copy");
                DeviceBuffer buffer = gpu.allocate(device, "x", 3 * MIB);
                HostMemory source = gpu.allocateHost(host, "source", 200)) {
            DeviceException e =
                    expectThrows(
                            DeviceException.class,
                            () -> stream.upload(source.address(), buffer.address() + 4 * MIB, 200));
            assertTrue(e.getMessage().contains("is lost"), e.getMessage());
        }
        fake.open().close();
    }

    @Test
    public void otherErrorsDoNotPoison() {
        try (Gpu gpu = fake.open();
                DeviceStream stream = gpu.newStream("copy")) {
            fake.fail("cuEventRecord", 400, 0);
            assertThrows(DeviceException.class, stream::record);
            stream.record().close();
            fake.fail("cuMemHostAlloc", 2, 0);
            assertThrows(RuntimeException.class, () -> gpu.allocateHost(host, "pinned", 100));
            gpu.allocateHost(host, "pinned", 100).close();
        }
    }

    @Test
    public void failedOpenLeavesNothing() {
        fake.open().close();
        for (String call :
                new String[] {
                    "cuDevicePrimaryCtxRetain",
                    "cuMemAlloc_v2",
                    "cuStreamCreate",
                    "cuEventRecord",
                    "cuModuleLoadDataEx",
                    "cuMemGetInfo_v2"
                }) {
            fake.fail(call, 2, 0);
            assertThrows(DeviceException.class, fake::open);
            assertEquals(fake.get("retained"), 0, call);
        }
        fake.open().close();
    }
}
