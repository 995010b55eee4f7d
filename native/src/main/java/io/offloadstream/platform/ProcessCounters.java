/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/** What Linux counts for this process (proc_pid_io(5), proc_pid_status(5)). */
public final class ProcessCounters {

    private static final Path IO = Path.of("/proc/self/io");
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final Path MEMINFO = Path.of("/proc/meminfo");

    private ProcessCounters() {}

    /**
     * Returns the bytes that went through read calls of this process so far, whether from a disk or
     * from the page cache.
     *
     * @return bytes; empty where the system does not tell
     */
    public static OptionalLong readCallBytes() {
        return find(IO, "rchar:");
    }

    /**
     * Returns the memory of this process that is in RAM.
     *
     * @return bytes; empty where the system does not tell
     */
    public static OptionalLong residentBytes() {
        return find(STATUS, "VmRSS:");
    }

    /**
     * Returns the size of the page cache of the whole machine.
     *
     * @return bytes; empty where the system does not tell
     */
    public static OptionalLong pageCacheBytes() {
        return find(MEMINFO, "Cached:");
    }

    static OptionalLong find(Path file, String name) {
        if (!Files.isReadable(file)) {
            return OptionalLong.empty();
        }
        try {
            for (String line : Files.readAllLines(file, StandardCharsets.US_ASCII)) {
                if (line.startsWith(name)) {
                    String value = line.substring(name.length()).trim();
                    boolean kib = value.endsWith("kB");
                    String digits = value.replace("kB", "").trim();
                    return OptionalLong.of(Long.parseLong(digits) * (kib ? 1024 : 1));
                }
            }
            return OptionalLong.empty();
        } catch (IOException e) {
            // a container may list the file and refuse it: as good as absent
            return OptionalLong.empty();
        }
    }
}
