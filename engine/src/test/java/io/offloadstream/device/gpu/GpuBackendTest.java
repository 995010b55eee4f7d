/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.device.SharedTable;
import io.offloadstream.device.Workspace;
import io.offloadstream.device.cpu.CpuBackend;
import io.offloadstream.ops.AttentionSpec;
import io.offloadstream.ops.ComputeType;
import io.offloadstream.ops.KvPlacement;
import io.offloadstream.ops.KvView;
import io.offloadstream.ops.MeasuringOps;
import io.offloadstream.ops.Ops;
import io.offloadstream.ops.Phase;
import io.offloadstream.ops.ScratchSize;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.BudgetExceededException;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.gpu.Gpu;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.testng.annotations.AfterMethod;
import org.testng.annotations.BeforeMethod;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** What the backend charges to which budget, that all of it goes back, and what it refuses. */
public class GpuBackendTest {

    private static final long MIB = 1 << 20;

    private Gpu gpu;
    private GpuBackend backend;
    private MemoryBudget host;
    private MemoryBudget device;

    /** The device, opened anew; a subclass has another. */
    Gpu openDevice() {
        return GpuFixture.openDevice();
    }

    /** What the backend calls it. */
    String deviceName() {
        return "opencl:0";
    }

    @BeforeMethod
    public void open() {
        gpu = openDevice();
        backend = new GpuBackend(gpu, ComputeType.FLOAT32);
        host = new MemoryBudget("host", 16 * MIB);
        device = new MemoryBudget("device", 16 * MIB);
    }

    /** Budgets refuse to close over memory that was not given back. */
    @AfterMethod(alwaysRun = true)
    public void close() {
        if (backend != null) {
            backend.close();
            device.close();
            host.close();
        }
    }

    @Test
    public void aBackendClosesAllOfItselfAlsoWhenThatFails() {
        List<String> closed = new ArrayList<>();
        Gpu failing =
                failingToClose(
                        Gpu.class,
                        "device",
                        closed,
                        Map.of(
                                "newStream",
                                arguments ->
                                        failingToClose(
                                                DeviceStream.class,
                                                (String) arguments[0],
                                                closed,
                                                Map.of())));
        GpuBackend doomed = new GpuBackend(failing, ComputeType.FLOAT32);
        DeviceException e = expectThrows(DeviceException.class, doomed::close);
        assertEquals(e.getMessage(), "compute cannot be closed");
        assertEquals(e.getSuppressed().length, 2);
        assertEquals(closed, List.of("compute", "KV transfer", "device"));
    }

    private static <T> T failingToClose(
            Class<T> type,
            String name,
            List<String> closed,
            Map<String, Function<Object[], Object>> results) {
        return type.cast(
                Proxy.newProxyInstance(
                        type.getClassLoader(),
                        new Class<?>[] {type},
                        (proxy, method, arguments) -> {
                            if (method.getName().equals("close")) {
                                closed.add(name);
                                throw new DeviceException(name + " cannot be closed");
                            }
                            return results.get(method.getName()).apply(arguments);
                        }));
    }

    @Test
    public void aBufferIsChargedAsPlanned() {
        try (DeviceBuffer buffer = backend.allocate(device, "weights", 12_345)) {
            assertEquals(device.usedBytes(), backend.chargedBytes(12_345));
            assertEquals(buffer.sizeBytes(), 12_345);
            assertEquals(buffer.address() % 256, 0);
        }
        assertEquals(device.usedBytes(), 0);
        assertEquals(host.usedBytes(), 0);
    }

    @Test
    public void aWorkspaceIsChargedAsPlanned() {
        try (Workspace workspace = backend.newWorkspace(host, device, 5000, 3 * MIB)) {
            assertEquals(device.usedBytes(), backend.chargedBytes(3 * MIB));
            assertEquals(host.usedBytes(), backend.workspaceHostBytes(5000));
            Tensor first = workspace.allocate(DType.F32, 3, 5);
            assertEquals((first.address() - ScratchSize.FIXED_BYTES) % 256, 0);
            Tensor second = workspace.allocate(DType.BF16, 7);
            assertEquals(second.address() - first.address(), 64);
        }
    }

    @Test
    public void aWorkspaceThatDoesNotFitLeavesNothingBehind() {
        expectThrows(
                BudgetExceededException.class,
                () -> backend.newWorkspace(host, device, 100, 17 * MIB));
        assertEquals(device.usedBytes(), 0);
        expectThrows(
                BudgetExceededException.class,
                () -> backend.newWorkspace(host, device, 16 * MIB, MIB));
        assertEquals(device.usedBytes(), 0);
        assertEquals(host.usedBytes(), 0);
    }

    @Test
    public void aTableThatDoesNotFitLeavesNothingBehind() {
        try (MemoryBudget small = new MemoryBudget("small", 100)) {
            expectThrows(
                    BudgetExceededException.class,
                    () -> backend.newTable(host, small, "pages", MIB));
        }
        assertEquals(host.usedBytes(), 0);
    }

    @Test
    public void aTableIsReadAsItWasPublished() {
        try (SharedTable table = backend.newTable(host, device, "positions", 4096);
                HostMemory back = backend.allocateHost(host, "read back", 4096)) {
            ByteBuffer part = table.buffer(256, 512);
            for (int i = 0; i < 512; i++) {
                part.put(i, (byte) (i * 7));
            }
            table.publish(256, 512);
            backend.computeStream().download(table.address() + 256, back.address(), 512, 512, 1);
            backend.computeStream().synchronize();
            assertEquals(back.buffer(0, 512), table.buffer(256, 512));
            expectThrows(IndexOutOfBoundsException.class, () -> table.publish(4000, 97));
        }
    }

    @Test
    public void aFullWorkspaceSaysSo() {
        try (Workspace workspace = backend.newWorkspace(host, device, 100, 8192)) {
            workspace.allocate(DType.F32, 1000);
            IllegalStateException e =
                    expectThrows(
                            IllegalStateException.class, () -> workspace.allocate(DType.F32, 25));
            assertTrue(e.getMessage().contains("needs 128 bytes, 64 left of 8192"), e.getMessage());
            workspace.reset();
            workspace.allocate(DType.F32, 1024);
        }
    }

    @Test
    public void foreignWorkspacesAreRefused() {
        try (CpuBackend cpu = new CpuBackend(1);
                Workspace foreign = cpu.newWorkspace(host, host, 0, 8192);
                GpuBackend twin = new GpuBackend(openDevice(), ComputeType.FLOAT32);
                Workspace sibling = twin.newWorkspace(host, device, 100, 8192)) {
            for (Workspace workspace : List.of(foreign, sibling)) {
                expectThrows(
                        IllegalArgumentException.class, () -> backend.ops(workspace, Phase.DECODE));
            }
        }
    }

    @Test
    public void saysWhatItIs() {
        assertTrue(backend.name().startsWith(deviceName() + " ("), backend.name());
        assertEquals(backend.memory().orElseThrow().device(), deviceName());
        assertEquals(backend.memory().orElseThrow().totalBytes(), gpu.info().totalBytes());
        assertTrue(!backend.computesInHostMemory());
    }

    @DataProvider
    public Object[][] placements() {
        return new Object[][] {{KvPlacement.DEVICE}, {KvPlacement.HOST}};
    }

    /** Running takes exactly what measuring said, to the byte. */
    @Test(dataProvider = "placements")
    public void whatIsMeasuredIsWhatIsTaken(KvPlacement placement) {
        try (GpuFixture fixture = new GpuFixture(openDevice())) {
            fixture.begin(1);
            CacheFixture cache = new CacheFixture(fixture, 2, 70, 2, 24, DType.F16, false);
            CacheFixture.Side side = placement == KvPlacement.HOST ? cache.host : cache.device;
            List<CacheFixture.Place> places = cache.everyPlace();
            Tensor query = fixture.random(DType.F32, places.size(), 6 * 24).device();
            Tensor key = fixture.random(DType.F32, places.size(), 2 * 24).device();
            Tensor values = fixture.hostTensor(DType.F32, places.size(), 9);
            Tensor found = fixture.hostTensor(DType.I32, places.size(), 9);
            KvView view = side.view();
            MeasuringOps measuring = new MeasuringOps(fixture.backend.scratchRules());
            for (Ops ops : List.of(measuring, fixture.ops(Phase.PREFILL))) {
                ops.storeKv(key, key, view, side.rows(places));
                ops.attention(query, view, side.rows(places), new AttentionSpec(6, 0.2f, 0));
                ops.loadKv(view, side.rows(places), key, key);
                ops.top(ops.columns(query, 1, 100), 0, values, found);
            }
            assertEquals(fixture.workspace.usedBytes(), measuring.peakBytes());
        }
    }

    /** A workspace that was measured for many rows serves any number of them, in either phase. */
    @Test
    public void scratchGrowsWithTheRows() {
        AttentionSpec spec = new AttentionSpec(12, 0.2f, 0);
        for (KvPlacement placement : KvPlacement.values()) {
            KvView view = new KvView(0, placement, 0, 1, 0, 4096, 64, 2, 16, DType.F32, 0, 64);
            long least = 0;
            for (int rows = 1; rows < 2000; rows += 7) {
                long now = backend.scratchRules().attentionBytes(rows, spec, view);
                assertTrue(now >= least, placement + ", " + rows + " rows");
                least = now;
            }
        }
    }
}
