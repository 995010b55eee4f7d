/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The kernel module of GPUDirect Storage, as it shows itself in {@code /proc}.
 *
 * <p>Source: gds-nvidia-fs, src/nvfs-stat.c and src/nvfs-proc.c; GDS Troubleshooting Guide,
 * "Displaying GDS NVIDIA FS Driver Statistics".
 */
public final class NvidiaFs {

    private static final Pattern VERSION =
            Pattern.compile("NVFS Driver\\(version: (\\d+)[.:](\\d+)[.:](\\d+)\\)");
    private static final Pattern READS =
            Pattern.compile("Reads\\s*: n=(\\d+) ok=(\\d+) err=\\d+ readMiB=(\\d+)");

    private final Path proc;

    /**
     * Looks at this machine.
     *
     * @return what there is of it
     */
    public static NvidiaFs ofThisMachine() {
        return new NvidiaFs(Path.of("/proc"));
    }

    /** Looks at a copy of {@code /proc}. */
    NvidiaFs(Path proc) {
        this.proc = proc;
    }

    /**
     * What it read for all processes.
     *
     * @param ok reads that succeeded
     * @param mebibytes their bytes, rounded down
     */
    record Reads(long ok, long mebibytes) {

        Reads since(Reads before) {
            return new Reads(ok - before.ok, mebibytes - before.mebibytes);
        }
    }

    /**
     * Tells whether it is loaded.
     *
     * @return true if its statistics or the list of modules show it
     */
    public boolean isLoaded() {
        return Files.exists(proc.resolve("driver/nvidia-fs"))
                || lines("modules").stream().anyMatch(line -> line.startsWith("nvidia_fs "));
    }

    /**
     * Returns its version.
     *
     * @return for example {@code 2.22.3}; empty if it is not loaded or does not tell
     */
    public String version() {
        for (String line : lines("driver/nvidia-fs/stats")) {
            Matcher matcher = VERSION.matcher(line);
            if (matcher.find()) {
                return matcher.group(1) + "." + matcher.group(2) + "." + matcher.group(3);
            }
        }
        return "";
    }

    /**
     * Returns the version of NVIDIA's driver, beside which it runs.
     *
     * @return the driver's own line; {@code not loaded} without one
     */
    public String driver() {
        return lines("driver/nvidia/version").stream()
                .findFirst()
                .map(line -> line.replaceFirst("NVRM version: *", "").replaceAll("  +", " ").trim())
                .orElse("not loaded");
    }

    /** Counts so far; empty if it is not loaded or its statistics of io are off. */
    Optional<Reads> reads() {
        for (String line : lines("driver/nvidia-fs/stats")) {
            Matcher matcher = READS.matcher(line);
            if (matcher.find()) {
                long ok = Long.parseLong(matcher.group(2));
                return Optional.of(new Reads(ok, Long.parseLong(matcher.group(3))));
            }
        }
        return Optional.empty();
    }

    private List<String> lines(String file) {
        Path path = proc.resolve(file);
        if (!Files.isReadable(path)) {
            return List.of();
        }
        try {
            return Files.readAllLines(path, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return List.of(); // unloaded this moment, or refused in a container: as good as absent
        }
    }
}
