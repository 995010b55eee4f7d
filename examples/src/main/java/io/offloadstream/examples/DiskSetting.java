/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import io.offloadstream.platform.DiskProbe;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.Storage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * How a disk is read fastest: what direct reads are measured with.
 *
 * @param requestBytes size of a request
 * @param inFlight requests at a time
 */
record DiskSetting(int requestBytes, int inFlight) {

    private static final int MIB = 1 << 20;
    private static final int[] REQUEST_MIB = {1, 2, 4, 8};
    private static final int[] IN_FLIGHT = {1, 2, 4, 8, 16, 32};
    private static final int MOST_BYTES = 8 * 32 * MIB;

    /** Of a try; less where all of the files are read in less, at a byte per nanosecond. */
    private static final long NANOS = 250_000_000;

    /** Smaller files, such as norms, are not what a disk is measured with. */
    private static final long LEAST_FILE_BYTES = 1 << 20;

    /**
     * Finds the files of a checkpoint that hold nearly all of its weights, by name: the large ones,
     * if there are any.
     *
     * @param checkpoint a directory of safetensors, or a packed copy
     */
    static List<Path> files(Path checkpoint) {
        List<Path> files = new ArrayList<>();
        List<Path> small = new ArrayList<>();
        try (DirectoryStream<Path> all =
                Files.newDirectoryStream(checkpoint, "*.{bin,safetensors}")) {
            for (Path file : all) {
                (Files.size(file) >= LEAST_FILE_BYTES ? files : small).add(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the files of " + checkpoint + " cannot be listed", e);
        }
        List<Path> found = files.isEmpty() ? small : files;
        found.sort(null);
        return found;
    }

    /**
     * Tries all sizes of 1 to 8 MiB and numbers of 1 to 32, in about six seconds.
     *
     * @param checkpoint whose files are read
     * @return the fastest
     */
    static DiskSetting find(Path checkpoint) {
        List<Path> files = files(checkpoint);
        long nanos = Math.min(NANOS, sizeBytes(files));
        DiskSetting fastest = null;
        double best = 0;
        try (MemoryBudget budget = MemoryBudget.unlimited("benchmark");
                DiskProbe probe = new DiskProbe(files, Storage.local(), MOST_BYTES, budget)) {
            for (int mebibytes : REQUEST_MIB) {
                for (int inFlight : IN_FLIGHT) {
                    double rate = probe.bytesPerSecond(mebibytes * MIB, inFlight, nanos);
                    if (rate > best) {
                        best = rate;
                        fastest = new DiskSetting(mebibytes * MIB, inFlight);
                    }
                }
            }
        }
        return fastest;
    }

    /** The size of all files together. */
    static long sizeBytes(List<Path> files) {
        long bytes = 0;
        for (Path file : files) {
            try {
                bytes += Files.size(file);
            } catch (IOException e) {
                throw new UncheckedIOException(file + " cannot be measured", e);
            }
        }
        return bytes;
    }

    /** What requests in flight take. */
    int sizeBytes() {
        return requestBytes * inFlight;
    }

    /** The flags of a case that measures with this. */
    List<String> flags() {
        return List.of("--disk-request=" + requestBytes, "--disk-in-flight=" + inFlight);
    }
}
