/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import io.offloadstream.device.Backend;
import io.offloadstream.device.Backends;
import io.offloadstream.device.Devices;
import io.offloadstream.ops.ComputeType;
import io.offloadstream.platform.MachineMemory;
import io.offloadstream.platform.MemorySize;
import io.offloadstream.platform.gpu.GpuInfo;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;

/** Prints what models can run on, and why backends have no device. */
@Command(
        name = "devices",
        description = {
            "Lists what models can run on, and why a backend is not available.",
            "The number is that of --device-id, and of Device.gpu(i) for a GPU."
        })
final class DevicesCommand extends ConsoleCommand implements Callable<Integer> {

    @Override
    public Integer call() {
        print(Backends.devices(), out());
        return 0;
    }

    static void print(Devices devices, PrintWriter out) {
        List<String[]> rows = new ArrayList<>();
        rows.add(
                new String[] {
                    "device", "backend", "name", "memory", "free", "capability", "driver"
                });
        for (Devices.Entry entry : devices.list()) {
            GpuInfo info = entry.info();
            rows.add(
                    new String[] {
                        Integer.toString(entry.number()),
                        entry.ways().stream()
                                .map(GpuInfo::driver)
                                .distinct()
                                .collect(Collectors.joining(", ")),
                        info.isGpu() ? info.name() : info.name() + " (no GPU)",
                        MemorySize.format(info.totalBytes()),
                        MemorySize.format(info.freeBytes()),
                        info.capability(),
                        info.driverVersion()
                    });
        }
        rows.add(cpu());
        int[] widths = new int[rows.get(0).length];
        for (String[] row : rows) {
            for (int i = 0; i < row.length; i++) {
                widths[i] = Math.max(widths[i], row[i].length());
            }
        }
        for (String[] row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < row.length; i++) {
                line.append(String.format(Locale.ROOT, "%-" + (widths[i] + 2) + "s", row[i]));
            }
            out.println(line.toString().stripTrailing());
        }
        devices.problems()
                .forEach((backend, why) -> out.println(backend + " is not available: " + why));
    }

    /** The CPU has no number: it is what runs where no device is chosen. */
    private static String[] cpu() {
        int threads = Runtime.getRuntime().availableProcessors();
        try (Backend cpu =
                Backends.open("cpu", Backends.ANY_DEVICE, threads, ComputeType.FLOAT32)) {
            return new String[] {
                "-",
                "cpu",
                cpu.name(),
                "-",
                MemorySize.format(MachineMemory.availableBytes()),
                System.getProperty("os.arch"),
                "-"
            };
        }
    }
}
