/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertTrue;

import io.offloadstream.device.Backend;
import io.offloadstream.device.Backends;
import io.offloadstream.device.DeviceLedger;
import io.offloadstream.device.DeviceMemory;
import io.offloadstream.ops.ComputeType;
import io.offloadstream.plan.Bandwidths;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.gpu.KernelCache;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.testng.SkipException;
import org.testng.annotations.AfterMethod;
import org.testng.annotations.BeforeMethod;
import org.testng.annotations.Test;

/** The first measurement of a device, which comes before the plan, keeps to the budgets too. */
public class DeviceMeasuringTest {

    /** Enough for a measurement on a machine of many processors too. */
    private static final long HOST_BYTES = Math.max(24_000_000, 2 * Bandwidths.leastBytes());

    private static final long DEVICE_BYTES = 2 * HOST_BYTES;

    private Path folder;
    private Path file;
    private String before;
    private Backend device;

    /** What the driver says of its memory, and what was taken of it. */
    private DeviceMemory memory;

    private final Set<MemoryBudget> budgets = new HashSet<>();
    private long mostHeldBytes;

    @BeforeMethod
    public void openADeviceAndAFolder() throws IOException {
        try {
            device = Backends.open("opencl", Backends.ANY_DEVICE, 1, ComputeType.FLOAT32);
        } catch (DeviceException | IllegalArgumentException e) {
            throw new SkipException("no OpenCL device: " + e.getMessage(), e);
        }
        DeviceMemory real = device.memory().orElseThrow();
        // a context of 5 MB, on a device that is nobody's
        memory = new DeviceMemory("measured:0", real.totalBytes(), real.freeBytes(), 5_000_000, 0);
        budgets.clear();
        mostHeldBytes = 0;
        folder = Files.createTempDirectory("measuring");
        file = Files.write(folder.resolve("weights.bin"), new byte[9_000_000]);
        before = System.setProperty(KernelCache.PROPERTY, folder.resolve("cache").toString());
    }

    @AfterMethod(alwaysRun = true)
    public void restore() throws IOException {
        if (device == null) {
            return;
        }
        device.close();
        if (before == null) {
            System.clearProperty(KernelCache.PROPERTY);
        } else {
            System.setProperty(KernelCache.PROPERTY, before);
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path path : files.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.delete(path);
            }
        }
    }

    /** The device, its memory as the test says, its allocations recorded. */
    private Backend watched() {
        return (Backend)
                Proxy.newProxyInstance(
                        Backend.class.getClassLoader(),
                        new Class<?>[] {Backend.class},
                        (proxy, method, arguments) -> {
                            if (method.getName().equals("memory")) {
                                return Optional.of(memory);
                            }
                            try {
                                Object result = method.invoke(device, arguments);
                                if (method.getName().startsWith("allocate")) {
                                    budgets.add((MemoryBudget) arguments[0]);
                                    long held = DeviceLedger.PROCESS.heldBytes(memory.device());
                                    mostHeldBytes = Math.max(mostHeldBytes, held);
                                }
                                return result;
                            } catch (InvocationTargetException e) {
                                throw e.getCause();
                            }
                        });
    }

    private static ModelOptions options(long hostBytes, long deviceBytes) {
        return ModelOptions.parse(
                Map.of(
                        "backend",
                        "opencl",
                        "hostMemory",
                        Long.toString(hostBytes),
                        "deviceMemory",
                        Long.toString(deviceBytes)));
    }

    @Test
    public void theFirstMeasurementKeepsToBothBudgetsAndIsClaimed() {
        ModelOptions options = options(HOST_BYTES, DEVICE_BYTES);
        Bandwidths measured = MachineSpeed.find(watched(), file, options);
        assertTrue(measured.busBytesPerSecond() < Double.POSITIVE_INFINITY, measured.toString());
        assertEquals(budgets.size(), 2, "one of the host, one of the device");
        for (MemoryBudget budget : budgets) {
            assertTrue(budget.limitBytes() <= DEVICE_BYTES - memory.contextBytes());
            assertTrue(budget.peakBytes() > 4_000_000, "nothing was measured");
        }
        assertTrue(budgets.stream().anyMatch(budget -> budget.limitBytes() <= HOST_BYTES));
        assertTrue(mostHeldBytes > 0, "other models must see it");
        assertEquals(DeviceLedger.PROCESS.heldBytes(memory.device()), 0);
        assertEquals(MachineSpeed.known(watched(), file, options), Optional.of(measured));
    }

    @Test
    public void whatOtherModelsHoldIsNotTakenAndWhatWasMeasuredBesideThemIsNotKept() {
        ModelOptions options = options(HOST_BYTES, DEVICE_BYTES);
        try (DeviceLedger.Claim other =
                DeviceLedger.PROCESS.claim(memory, DEVICE_BYTES, 30_000_000).orElseThrow()) {
            Bandwidths measured = MachineSpeed.find(watched(), file, options);
            assertTrue(measured.deviceBytesPerSecond() > 0);
            assertTrue(mostHeldBytes > 30_000_000, "other models must see it");
            assertTrue(mostHeldBytes <= DEVICE_BYTES - memory.contextBytes(), "" + mostHeldBytes);
            assertEquals(MachineSpeed.known(watched(), file, options), Optional.empty());
            assertEquals(other.budget().usedBytes(), 0);
        }
        assertEquals(MachineSpeed.known(watched(), file, options), Optional.empty());
    }

    @Test
    public void withoutRoomForAnythingTypicalNumbersAreTaken() {
        ModelOptions options = options(HOST_BYTES, DEVICE_BYTES);
        memory = new DeviceMemory("measured:0", memory.totalBytes(), 8000, 5_000_000, 0);
        assertEquals(MachineSpeed.find(watched(), file, options), Bandwidths.TYPICAL);
        ModelOptions context = options(HOST_BYTES, 4_000_000);
        assertEquals(MachineSpeed.find(watched(), file, context), Bandwidths.TYPICAL);
        ModelOptions host = options(1_000_000, DEVICE_BYTES);
        assertEquals(MachineSpeed.find(watched(), file, host), Bandwidths.TYPICAL);
        assertEquals(budgets.size(), 0, "allocations");
        assertFalse(Files.exists(folder.resolve("cache/bandwidths")));
    }
}
