/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import io.offloadstream.device.Backends;
import io.offloadstream.device.Devices;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.gpu.Gpu;
import io.offloadstream.platform.gpu.GpuDriver;
import io.offloadstream.platform.gpu.GpuInfo;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.testng.annotations.Test;

public class DevicesCommandTest {

    private record Found(String name, Discovery discovery) implements GpuDriver {

        @Override
        public Discovery discover() {
            return discovery;
        }

        @Override
        public Gpu open(GpuInfo device) {
            throw new DeviceException("not opened here");
        }
    }

    @Test
    public void devicesAreOneALineWithWhatIsMissingAtTheEnd() {
        Devices devices =
                new Devices(
                        List.of(
                                new Found("cuda", GpuDriver.Discovery.absent("no NVIDIA driver")),
                                new Found(
                                        "opencl",
                                        new GpuDriver.Discovery(
                                                List.of(
                                                        info("PoCL", 0, "", false),
                                                        info("Radeon", 1, "0000:65:00.0", true)),
                                                ""))));
        StringWriter out = new StringWriter();
        DevicesCommand.print(devices, new PrintWriter(out, true));
        List<String> lines = out.toString().lines().toList();
        assertEquals(lines.size(), 5, out.toString());
        assertTrue(lines.get(0).startsWith("device  backend  name "), lines.get(0));
        assertEquals(
                lines.get(1).split(" {2,}"),
                new String[] {
                    "0", "opencl", "Radeon", "16.00 GB", "12.50 GB", "OpenCL 2.0", "3.4"
                });
        assertTrue(lines.get(2).startsWith("1       opencl   PoCL (no GPU)  "), lines.get(2));
        assertTrue(lines.get(3).startsWith("-       cpu      cpu ("), lines.get(3));
        assertEquals(lines.get(4), "cuda is not available: no NVIDIA driver");
    }

    private static GpuInfo info(String name, int ordinal, String pci, boolean isGpu) {
        return new GpuInfo(
                "opencl",
                ordinal,
                name,
                "vendor",
                16_000_000_000L,
                12_500_000_000L,
                "OpenCL 2.0",
                "3.4",
                pci,
                isGpu);
    }

    @Test
    public void commandListsTheDevicesOfThisMachine() {
        CliRun run = CliRun.of("devices");
        assertEquals(run.code(), 0, run.err());
        int missing = Backends.devices().problems().size();
        assertEquals(run.out().lines().count(), 2 + Backends.devices().list().size() + missing);
    }
}
