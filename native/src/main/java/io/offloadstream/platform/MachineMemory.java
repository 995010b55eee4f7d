/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * How much memory this process may take, by the container's limit and by what the machine has left.
 */
public final class MachineMemory {

    private static final Path MEMINFO = Path.of("/proc/meminfo");

    private MachineMemory() {}

    /**
     * Returns the lesser of the memory limit of this process's container (cgroup) and the memory
     * that can be had without swapping (Linux: MemAvailable; elsewhere the machine's size).
     *
     * @return bytes
     */
    public static long availableBytes() {
        // the JDK reads cgroup v1 and v2 limits for its "total memory"
        long limit =
                ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class)
                        .getTotalMemorySize();
        return Math.min(limit, memAvailable(MEMINFO, limit));
    }

    static long memAvailable(Path meminfo, long absent) {
        if (!Files.isReadable(meminfo)) {
            return absent;
        }
        try {
            for (String line : Files.readAllLines(meminfo, StandardCharsets.US_ASCII)) {
                if (line.startsWith("MemAvailable:")) {
                    String kib = line.substring("MemAvailable:".length()).replace("kB", "").trim();
                    return Long.parseLong(kib) * 1024;
                }
            }
        } catch (IOException e) {
            throw new OffloadStreamException("cannot read " + meminfo + ": " + e.getMessage(), e);
        }
        return absent;
    }
}
