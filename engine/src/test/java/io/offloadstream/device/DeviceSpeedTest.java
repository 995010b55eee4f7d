/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertThrows;
import static org.testng.Assert.assertTrue;

import io.offloadstream.ops.ComputeType;
import io.offloadstream.platform.BudgetExceededException;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.MemoryBudget;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Optional;
import org.testng.SkipException;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

public class DeviceSpeedTest {

    @DataProvider
    public Object[][] backends() {
        return new Object[][] {{"opencl"}, {"cuda"}};
    }

    private static Backend open(String name) {
        try {
            return Backends.open(name, Backends.ANY_DEVICE, 1, ComputeType.FLOAT32);
        } catch (DeviceException | IllegalArgumentException e) {
            throw new SkipException("no " + name + " device: " + e.getMessage(), e);
        }
    }

    /** Wide bounds: a machine that stands still for seconds while it copies 4 MB is within. */
    private static void requirePlausible(double bytesPerSecond) {
        assertTrue(bytesPerSecond > 1e5 && bytesPerSecond < 1e14, bytesPerSecond + " bytes/s");
    }

    @Test(dataProvider = "backends")
    public void bothWaysAreMeasuredAndNothingStays(String name) {
        try (Backend backend = open(name)) {
            measure(backend, Long.MAX_VALUE, Long.MAX_VALUE);
        }
    }

    private static void measure(Backend backend, long hostBytes, long deviceBytes) {
        try (MemoryBudget host = new MemoryBudget("hostMemory", hostBytes);
                MemoryBudget device = new MemoryBudget("deviceMemory", deviceBytes)) {
            DeviceSpeed speed = DeviceSpeed.measure(backend, host, device);
            requirePlausible(speed.busBytesPerSecond());
            requirePlausible(speed.copyBytesPerSecond());
            assertTrue(device.peakBytes() > Math.min(deviceBytes, 32 << 20) / 2);
        }
    }

    @Test(dataProvider = "backends")
    public void itKeepsToEitherBudgetDownToAChunk(String name) {
        try (Backend backend = open(name)) {
            measure(backend, DeviceSpeed.LEAST_BYTES, 64 << 20);
            measure(backend, 64 << 20, DeviceSpeed.LEAST_BYTES);
            assertThrows(
                    BudgetExceededException.class,
                    () -> measure(backend, 64 << 20, DeviceSpeed.LEAST_BYTES - 1));
        }
    }

    /** A sixteenth of 64 MiB for each of the two ranges. */
    @Test
    public void littleFreeMemoryMakesSmallCopies() {
        long[] largest = new long[1];
        try (Backend backend = open("opencl")) {
            DeviceMemory all = backend.memory().orElseThrow();
            DeviceMemory little = new DeviceMemory(all.device(), all.totalBytes(), 64 << 20, 0, 0);
            Backend small =
                    (Backend)
                            Proxy.newProxyInstance(
                                    Backend.class.getClassLoader(),
                                    new Class<?>[] {Backend.class},
                                    (proxy, method, arguments) -> {
                                        if (method.getName().equals("memory")) {
                                            return Optional.of(little);
                                        }
                                        if (method.getName().equals("allocate")) {
                                            largest[0] = Math.max(largest[0], (long) arguments[2]);
                                        }
                                        try {
                                            return method.invoke(backend, arguments);
                                        } catch (InvocationTargetException e) {
                                            throw e.getCause();
                                        }
                                    });
            measure(small, Long.MAX_VALUE, Long.MAX_VALUE);
        }
        assertEquals(largest[0], 32 << 20, "the chunks that are copied over the bus");
    }
}
