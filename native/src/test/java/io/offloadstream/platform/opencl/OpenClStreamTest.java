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

import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.DeviceEvent;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.gpu.Gpu;
import io.offloadstream.platform.gpu.GpuKernel;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import org.testng.annotations.Test;

public class OpenClStreamTest {

    private static final int OUT_OF_RESOURCES = -5;

    private final MemoryBudget device = new MemoryBudget("deviceMemory", 1 << 26);
    private final MemoryBudget host = new MemoryBudget("hostMemory", 1 << 26);
    private Gpu gpu;

    @BeforeClass
    public void open() {
        gpu = TestDevice.open();
    }

    @AfterClass(alwaysRun = true)
    public void nothingIsLeft() {
        if (gpu != null) {
            gpu.close();
        }
        device.close();
        host.close();
    }

    @Test
    public void streamAwaitsAnEventOfAnother() {
        try (HostMemory memory = gpu.allocateHost(host, "values", 8192);
                DeviceBuffer first = gpu.allocate(device, "first", 4096);
                DeviceBuffer second = gpu.allocate(device, "second", 4096);
                Gate gate = new Gate(gpu);
                DeviceStream uploads = gpu.newStream("uploads");
                DeviceStream compute = gpu.newStream("compute")) {
            memory.buffer(0, 4096).putInt(4092, 77);
            gate.hold(uploads);
            uploads.upload(memory.address(), first.address(), 4096);
            try (DeviceEvent uploaded = uploads.record()) {
                compute.await(uploaded);
                compute.copy(first.address(), second.address(), 4096);
                compute.download(second.address(), memory.address() + 4096, 4096, 4096, 1);
                try (DeviceEvent copied = compute.record()) {
                    assertFalse(uploaded.isPassed());
                    assertFalse(copied.isPassed());
                    assertThrows(IllegalStateException.class, copied::passedNanos);
                    gate.open();
                    copied.await();
                    assertTrue(copied.isPassed());
                    assertTrue(uploaded.isPassed());
                    assertEquals(memory.buffer(4096, 4096).getInt(4092), 77);
                    assertTrue(uploaded.passedNanos() > 0);
                    assertTrue(uploaded.passedNanos() <= copied.passedNanos());
                }
            }
        }
    }

    @Test
    public void streamRunsBesideOneThatIsHeldUp() {
        try (HostMemory memory = gpu.allocateHost(host, "values", 8192);
                DeviceBuffer y = gpu.allocate(device, "y", 4096);
                Gate gate = new Gate(gpu);
                DeviceStream held = gpu.newStream("held");
                DeviceStream free = gpu.newStream("free")) {
            memory.buffer(0, 4096).putInt(0, 5);
            gate.hold(held);
            try (DeviceEvent last = held.record()) {
                free.upload(memory.address(), y.address(), 4096);
                free.download(y.address(), memory.address() + 4096, 4096, 4096, 1);
                free.synchronize();
                assertEquals(memory.buffer(4096, 4096).getInt(0), 5);
                assertFalse(last.isPassed());
                gate.open();
            }
        }
    }

    @Test
    public void eventThatIsClosedIsStillAwaited() {
        try (HostMemory memory = gpu.allocateHost(host, "values", 8192);
                DeviceBuffer y = gpu.allocate(device, "y", 4096);
                Gate gate = new Gate(gpu);
                DeviceStream uploads = gpu.newStream("uploads");
                DeviceStream compute = gpu.newStream("compute")) {
            memory.buffer(0, 4096).putInt(0, 6);
            gate.hold(uploads);
            uploads.upload(memory.address(), y.address(), 4096);
            DeviceEvent uploaded = uploads.record();
            compute.await(uploaded);
            uploaded.close();
            uploaded.close(); // has no effect
            assertThrows(IllegalStateException.class, uploaded::isPassed);
            compute.download(y.address(), memory.address() + 4096, 4096, 4096, 1);
            gate.open();
            compute.synchronize();
            assertEquals(memory.buffer(4096, 4096).getInt(0), 6);
        }
    }

    @Test
    public void copyOfBytesServesWhereMarkersHaveNoTimes() {
        ClContext context = ((OpenClGpu) gpu).context;
        try (DeviceStream stream = gpu.newStream("events")) {
            long queue = ((ClStream) stream).queue(context);
            try (ClEvent copy = ClEvent.record(context, queue, "events", false);
                    ClEvent marker = ClEvent.record(context, queue, "events", true)) {
                marker.await();
                assertTrue(copy.isPassed());
                assertTrue(copy.passedNanos() > 0);
                assertTrue(copy.passedNanos() <= marker.passedNanos());
            }
        }
    }

    /** PoCL 3.1 aborts the process where an event fails, so no device is asked. */
    @Test
    public void workThatFailedIsAnExceptionThatNamesStreamAndDevice() {
        ClEvent.requireNoFailure(0, "compute", "card");
        ClEvent.requireNoFailure(3, "compute", "card");
        DeviceException lost =
                expectThrows(
                        DeviceException.class,
                        () -> ClEvent.requireNoFailure(OUT_OF_RESOURCES, "compute", "card"));
        assertEquals(
                lost.getMessage(),
                "work of stream compute failed on card: out of resources (the device may be lost,"
                        + " or its memory full)");
    }

    @Test
    public void launchThatIsRefusedLeavesTheStreamAsItWas() {
        try (HostMemory memory = gpu.allocateHost(host, "values", 8192);
                DeviceBuffer y = gpu.allocate(device, "y", 4096);
                DeviceStream stream = gpu.newStream("compute");
                GpuKernel slowly = gpu.kernel("slow", "count_slowly")) {
            stream.upload(memory.address(), y.address(), 4096);
            slowly.buffer(y.address()).int32(1);
            assertThrows(DeviceException.class, () -> slowly.launch(stream, 16, 1, 1, 8));
            slowly.buffer(y.address()).int32(1).launch(stream, 16, 1, 1, 64);
            stream.download(y.address(), memory.address() + 4096, 4096, 4096, 1);
            stream.synchronize();
            assertEquals(memory.buffer(4096, 4096).getInt(4092), 1);
        }
    }

    @Test
    public void threadsEnqueueBesideEachOther() throws Exception {
        long seed = new Random().nextLong();
        ExecutorService threads =
                Executors.newFixedThreadPool(4, task -> new Thread(task, "enqueues"));
        try {
            List<Future<?>> runs = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                Random random = new Random(seed + i);
                runs.add(threads.submit(() -> addManyTimes(random)));
            }
            for (Future<?> run : runs) {
                run.get();
            }
        } catch (Exception e) {
            throw new AssertionError("seed " + seed, e);
        } finally {
            threads.shutdown();
        }
    }

    private void addManyTimes(Random random) {
        int count = 1000 + random.nextInt(1000);
        try (DeviceStream stream = gpu.newStream("compute");
                GpuKernel combine = gpu.kernel("vectors", "combine")) {
            for (int round = 0; round < 40; round++) {
                try (HostMemory memory = gpu.allocateHost(host, "values", 8L * count);
                        DeviceBuffer x = gpu.allocate(device, "x", 4L * count);
                        DeviceBuffer y = gpu.allocate(device, "y", 4L * count)) {
                    for (int i = 0; i < count; i++) {
                        memory.buffer(4L * i, 4).putInt(random.nextInt(1 << 20));
                        int whole = memory.buffer(4L * i, 4).getInt();
                        memory.buffer(4L * i, 4).putFloat(whole);
                    }
                    stream.upload(memory.address(), x.address(), 4L * count);
                    combine.buffer(x.address())
                            .buffer(x.address())
                            .buffer(y.address())
                            .int32(count)
                            .int64(0)
                            .float32(round)
                            .launch(stream, (count + 63) / 64, 1, 1, 64);
                    stream.download(
                            y.address(), memory.address() + 4L * count, 4L * count, 4L * count, 1);
                    stream.synchronize();
                    for (int i = 0; i < count; i++) {
                        float value = memory.buffer(4L * i, 4).getFloat();
                        float expected = round * value + value;
                        assertEquals(memory.buffer(4L * (count + i), 4).getFloat(), expected, 16f);
                    }
                }
            }
        }
    }

    @Test
    public void kernelsOfAStreamRunInOrder() {
        int count = 256;
        try (HostMemory memory = gpu.allocateHost(host, "counts", 4L * count);
                DeviceBuffer y = gpu.allocate(device, "y", 4L * count);
                DeviceStream stream = gpu.newStream("compute");
                GpuKernel slowly = gpu.kernel("slow", "count_slowly")) {
            stream.upload(memory.address(), y.address(), 4L * count);
            for (int i = 0; i < 20; i++) {
                slowly.buffer(y.address()).int32(5000).launch(stream, count / 64, 1, 1, 64);
            }
            stream.download(y.address(), memory.address(), 4L * count, 4L * count, 1);
            stream.synchronize();
            for (int i = 0; i < count; i++) {
                assertEquals(memory.buffer(4L * i, 4).getInt(), 20);
            }
        }
    }

    @Test
    public void streamThatIsClosedTakesNothingMore() {
        DeviceStream stream = gpu.newStream("short");
        stream.close();
        stream.close(); // has no effect
        assertThrows(IllegalStateException.class, stream::flush);
        assertThrows(IllegalStateException.class, stream::record);
        assertThrows(IllegalStateException.class, stream::synchronize);
    }
}
