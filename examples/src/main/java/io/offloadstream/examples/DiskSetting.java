/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import io.offloadstream.platform.DiskProbe;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.Storage;
import java.nio.file.Path;
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
    private static final int[] IN_FLIGHT = {1, 4, 8, 16, 32};
    private static final int MOST_BYTES = 8 * 32 * MIB;
    private static final long NANOS = 250_000_000;

    /**
     * Tries all sizes of 1 to 8 MiB and numbers of 1 to 32, in about five seconds.
     *
     * @param file on the disk in question, not empty
     * @return the fastest
     */
    static DiskSetting find(Path file) {
        DiskSetting fastest = null;
        double best = 0;
        try (MemoryBudget budget = MemoryBudget.unlimited("benchmark");
                DiskProbe probe =
                        new DiskProbe(List.of(file), Storage.local(), MOST_BYTES, budget)) {
            for (int mebibytes : REQUEST_MIB) {
                for (int inFlight : IN_FLIGHT) {
                    double rate = probe.bytesPerSecond(mebibytes * MIB, inFlight, NANOS);
                    if (rate > best) {
                        best = rate;
                        fastest = new DiskSetting(mebibytes * MIB, inFlight);
                    }
                }
            }
        }
        return fastest;
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
