/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import ai.djl.Device;
import io.offloadstream.device.Backends;
import io.offloadstream.device.Devices;
import io.offloadstream.model.ModelOptions;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.gpu.Gpu;
import io.offloadstream.platform.gpu.GpuDriver;
import io.offloadstream.platform.gpu.GpuInfo;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.testng.annotations.Test;

public class DeviceRequestTest {

    /** Two cards, of which OpenCL sees the second too, and a processor. */
    private static final Devices DEVICES =
            new Devices(
                    List.of(
                            new Found("cuda", info("cuda", 0, "1"), info("cuda", 1, "2")),
                            new Found("opencl", info("opencl", 0, ""), info("opencl", 1, "2"))));

    private static GpuInfo info(String driver, int ordinal, String pci) {
        return new GpuInfo(
                driver, ordinal, driver + ordinal, "v", 9, 9, "c", "1", pci, !pci.isEmpty());
    }

    private record Found(String name, GpuInfo... devices) implements GpuDriver {

        @Override
        public Discovery discover() {
            return new Discovery(List.of(devices), "");
        }

        @Override
        public Gpu open(GpuInfo device) {
            throw new DeviceException("not opened here");
        }
    }

    private static ModelOptions resolve(Device wanted, String... options) {
        Map<String, Object> values = new HashMap<>();
        for (int i = 0; i < options.length; i += 2) {
            values.put(options[i], options[i + 1]);
        }
        return DeviceRequest.resolve(wanted, values, DEVICES);
    }

    private static void assertChosen(ModelOptions options, String backend, int id, Device device) {
        assertEquals(options.device().backend(), backend);
        assertEquals(options.device().deviceId(), id);
        assertEquals(DeviceRequest.name(DEVICES.choose(backend, id)), device);
    }

    private static void assertRefused(String message, Device wanted, String... options) {
        IllegalArgumentException refused =
                expectThrows(IllegalArgumentException.class, () -> resolve(wanted, options));
        assertTrue(refused.getMessage().startsWith(message), refused.getMessage());
    }

    @Test
    public void nothingSaidIsTheFirstCardThatOpens() {
        int any = Backends.ANY_DEVICE;
        assertChosen(resolve(null), "auto", any, Device.gpu(0));
        assertChosen(resolve(null, "backend", "auto"), "auto", any, Device.gpu(0));
    }

    @Test
    public void cpuIsTheCpuHoweverItIsSaid() {
        int none = Backends.ANY_DEVICE;
        assertChosen(resolve(Device.cpu()), "cpu", none, Device.cpu());
        assertChosen(resolve(null, "backend", "cpu"), "cpu", none, Device.cpu());
        assertChosen(resolve(Device.cpu(), "backend", "cpu"), "cpu", none, Device.cpu());
    }

    @Test
    public void numberIsThatOfTheList() {
        assertChosen(resolve(Device.gpu(1)), "cuda", 1, Device.gpu(1));
        assertChosen(resolve(Device.gpu(1), "backend", "opencl"), "opencl", 1, Device.gpu(1));
        assertChosen(
                resolve(null, "backend", "opencl"), "opencl", Backends.ANY_DEVICE, Device.gpu(1));
        assertChosen(resolve(Device.gpu(1), "deviceId", "1"), "cuda", 1, Device.gpu(1));
    }

    @Test
    public void processorThatPosesAsADeviceIsTheCpuForDjl() {
        assertChosen(
                resolve(null, "backend", "opencl", "deviceId", "2"), "opencl", 2, Device.cpu());
        assertRefused("device gpu(2): opencl0 is no GPU, and this machine has 2", Device.gpu(2));
    }

    @Test
    public void contradictionsAreRefused() {
        assertRefused("device cpu() and backend=cuda contradict", Device.cpu(), "backend", "cuda");
        assertRefused(
                "device cpu() and backend=opencl contradict", Device.cpu(), "backend", "opencl");
        assertRefused("device cpu() and deviceId=1 contradict", Device.cpu(), "deviceId", "1");
        assertRefused("device gpu(0) and backend=cpu contradict", Device.gpu(0), "backend", "cpu");
        assertRefused("device gpu(0) and deviceId=1 contradict", Device.gpu(0), "deviceId", "1");
        assertRefused("backend=opencl does not reach device 0", Device.gpu(0), "backend", "opencl");
    }

    @Test
    public void cardBeyondTheListIsRefusedWithTheList() {
        assertRefused(
                "there is no device 9; there are: 0 cuda0 (cuda), 1 cuda1 (cuda, opencl), 2 opencl0"
                        + " (opencl)",
                Device.gpu(9));
    }
}
