/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import io.offloadstream.platform.DiskProbe;
import io.offloadstream.platform.KernelProvider;
import io.offloadstream.platform.MachineMemory;
import io.offloadstream.platform.MachineProbe;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.Storage;
import java.nio.file.Path;

/**
 * What this machine can do at best, by programs that do nothing else. All best of some runs: what
 * disturbs a run makes it slower, and a limit that is too low would flatter every share of it.
 *
 * @param memoryBytesPerSecond reads of memory by all threads
 * @param flopsPerSecond float32 operations by all threads, two for each multiply-add
 * @param diskBytesPerSecond direct reads of the checkpoint, of the size and number in flight that
 *     are fastest
 */
record BenchLimits(double memoryBytesPerSecond, double flopsPerSecond, double diskBytesPerSecond) {

    private static final int RUNS = 5;

    /** What each thread reads in a run, where the machine has it: far more than caches hold. */
    private static final int BYTES_PER_THREAD = 1 << 30;

    /** Of the memory that is available, so that a measurement drives nothing out. */
    private static final int MEMORY_SHARE = 2;

    private static final int MIB = 1 << 20;
    private static final int[] REQUEST_MIB = {1, 2, 4, 8};
    private static final int[] IN_FLIGHT = {1, 4, 8, 16, 32};
    private static final long DISK_NANOS = 250_000_000;

    /**
     * Measures, in about ten seconds.
     *
     * @param file on the disk in question, not empty
     * @return the limits
     */
    static BenchLimits measure(Path file) {
        int threads = Runtime.getRuntime().availableProcessors();
        long share = MachineMemory.availableBytes() / MEMORY_SHARE / threads;
        int bytes = (int) Math.min(BYTES_PER_THREAD, share);
        try (MemoryBudget budget = MemoryBudget.unlimited("benchmark")) {
            double disk = disk(file, budget);
            try (MachineProbe probe =
                    new MachineProbe(KernelProvider.kernels(), threads, bytes, budget)) {
                return new BenchLimits(
                        probe.readBytesPerSecond(RUNS), probe.flopsPerSecond(RUNS), disk);
            }
        }
    }

    /**
     * Measures direct reads alone, of all sizes and numbers in flight.
     *
     * @param file not empty
     * @return bytes per second of the fastest
     */
    static double disk(Path file) {
        try (MemoryBudget budget = MemoryBudget.unlimited("benchmark")) {
            return disk(file, budget);
        }
    }

    private static double disk(Path file, MemoryBudget budget) {
        int most = REQUEST_MIB[REQUEST_MIB.length - 1] * IN_FLIGHT[IN_FLIGHT.length - 1] * MIB;
        double best = 0;
        try (DiskProbe probe = new DiskProbe(file, Storage.local(), most, budget)) {
            for (int mebibytes : REQUEST_MIB) {
                for (int inFlight : IN_FLIGHT) {
                    best =
                            Math.max(
                                    best,
                                    probe.bytesPerSecond(mebibytes * MIB, inFlight, DISK_NANOS));
                }
            }
        }
        return best;
    }

    /** The better of each of two measurements. */
    BenchLimits best(BenchLimits other) {
        return new BenchLimits(
                Math.max(memoryBytesPerSecond, other.memoryBytesPerSecond),
                Math.max(flopsPerSecond, other.flopsPerSecond),
                Math.max(diskBytesPerSecond, other.diskBytesPerSecond));
    }
}
