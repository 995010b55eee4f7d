/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import io.offloadstream.device.Backend;
import io.offloadstream.plan.TextTable;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.FileSystemMount;
import io.offloadstream.platform.GdsMode;
import io.offloadstream.platform.GdsStatus;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.MemorySize;
import io.offloadstream.platform.Storage;
import io.offloadstream.platform.StorageFile;
import io.offloadstream.platform.cuda.NvidiaFs;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Finds out what GPUDirect Storage does for a file: the mode in effect and what it is known by, its
 * speed beside that of direct io with pinned copies, and what each does to the host's memory.
 */
final class GdsCheck {

    /** How often each way is measured, in turns, so that a disk that warms up favours none. */
    private static final int ROUNDS = 2;

    /** Reads of each thread before: every chunk is touched once, or memory seems to grow. */
    private static final int WARM_UPS = PinnedWay.CHUNKS;

    /** The page cache of a way that passes it by may move by this share of what was read. */
    private static final double CACHE_NOISE = 0.01;

    private final PrintWriter out;
    private final Backend backend;
    private final Path file;
    private final int threads;
    private final long roundNanos;

    /**
     * Constructs the check.
     *
     * @param out where it prints
     * @param backend the device, or the processor where there is none
     * @param file not empty
     * @param threads how many read
     * @param seconds how long each way is measured
     */
    GdsCheck(PrintWriter out, Backend backend, Path file, int threads, double seconds) {
        this.out = out;
        this.backend = backend;
        this.file = file;
        this.threads = threads;
        this.roundNanos = (long) (seconds * 1e9 / ROUNDS);
    }

    /**
     * Checks and prints.
     *
     * @param noDevice why there is no device, null if there is one
     * @return the mode in effect
     */
    GdsMode run(String noDevice) throws IOException {
        long sizeBytes = Files.size(file);
        line("file", file + ", " + MemorySize.format(sizeBytes));
        Optional<FileSystemMount> mount = FileSystemMount.of(file);
        line("file system", mount.map(FileSystemMount::toString).orElse("not known"));
        line("device", noDevice == null ? backend.name() : "none: " + noDevice);
        NvidiaFs nvidiaFs = NvidiaFs.ofThisMachine();
        line("driver", nvidiaFs.driver());
        line("nvidia-fs", nvidiaFs.isLoaded() ? "loaded " + nvidiaFs.version() : "not loaded");
        try (MemoryBudget budget = MemoryBudget.unlimited("gds-check");
                GdsWay gds = noDevice == null ? openGds(budget) : null;
                PinnedWay pinned = openPinned(budget)) {
            if (noDevice != null) {
                line("mode", new GdsStatus(GdsMode.UNAVAILABLE, noDevice).toString());
            }
            return measure(gds, pinned, sizeBytes);
        }
    }

    private GdsWay openGds(MemoryBudget budget) throws IOException {
        try {
            GdsWay gds = new GdsWay(backend, budget, file, threads);
            gds.facts().forEach(fact -> out.println("  " + fact));
            return gds;
        } catch (DeviceException | UnsupportedOperationException e) {
            line("mode", new GdsStatus(GdsMode.UNAVAILABLE, e.getMessage()).toString());
            return null;
        }
    }

    private PinnedWay openPinned(MemoryBudget budget) throws IOException {
        StorageFile opened;
        String io = "direct";
        try {
            opened = Storage.local().open(file, Storage.Mode.DIRECT);
        } catch (UnsupportedOperationException e) {
            out.println("direct io is refused: " + e.getMessage());
            opened = Storage.local().open(file, Storage.Mode.BUFFERED);
            io = "buffered";
        }
        return new PinnedWay(backend, budget, opened, io, threads);
    }

    private GdsMode measure(GdsWay gds, PinnedWay pinned, long sizeBytes) throws IOException {
        for (int i = 0; i < WARM_UPS; i++) {
            if (gds != null) {
                ReadSample.take(gds, file, sizeBytes, threads, 0);
            }
            ReadSample.take(pinned, file, sizeBytes, threads, 0);
        }
        ReadSample byGds = null;
        ReadSample byHost = null;
        for (int round = 0; round < ROUNDS; round++) {
            if (gds != null) {
                byGds = sum(byGds, sample(gds, sizeBytes));
            }
            byHost = sum(byHost, sample(pinned, sizeBytes));
        }
        GdsStatus status = null;
        if (gds != null) {
            // by all reads of the measurement, not only the first
            status = gds.status();
            line("mode", status.toString());
        }
        TextTable table = new TextTable();
        table.row("way", "bandwidth", "read", "page cache", "process", "read calls");
        if (gds != null) {
            row(table, gds, byGds);
        }
        row(table, pinned, byHost);
        out.print(table);
        if (gds == null) {
            line("host memory bypassed", "no: GPUDirect Storage is not available");
            return GdsMode.UNAVAILABLE;
        }
        double ratio = byGds.bytesPerSecond() / byHost.bytesPerSecond();
        line("gds / " + pinned.name(), String.format(Locale.ROOT, "%.2f", ratio));
        line("host memory bypassed", bypassed(status, byGds));
        return status.mode();
    }

    private ReadSample sample(ReadWay way, long sizeBytes) throws IOException {
        return ReadSample.take(way, file, sizeBytes, threads, roundNanos);
    }

    private static ReadSample sum(ReadSample before, ReadSample now) {
        return before == null ? now : before.and(now);
    }

    private static String bypassed(GdsStatus status, ReadSample sample) {
        if (status.mode() != GdsMode.DIRECT) {
            return "no: " + status.reason();
        }
        long cached = sample.pageCacheBytes().orElse(0);
        return cached > sample.bytes() * CACHE_NOISE
                ? "no: the page cache grew by " + MemorySize.format(cached)
                : "yes: " + status.reason();
    }

    private static void row(TextTable table, ReadWay way, ReadSample sample) {
        table.row(
                way.name(),
                MemorySize.format((long) sample.bytesPerSecond()) + "/s",
                MemorySize.format(sample.bytes()),
                growth(sample.pageCacheBytes()),
                growth(sample.residentBytes()),
                growth(sample.readCallBytes()));
    }

    private static String growth(OptionalLong bytes) {
        if (bytes.isEmpty()) {
            return "not known";
        }
        long value = bytes.getAsLong();
        return (value < 0 ? "-" : "+") + MemorySize.format(Math.abs(value));
    }

    private void line(String name, String value) {
        out.printf(Locale.ROOT, "%-22s %s%n", name, value);
    }
}
