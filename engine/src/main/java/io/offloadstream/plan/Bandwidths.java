/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.plan;

import io.offloadstream.platform.DiskProbe;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.KernelProvider;
import io.offloadstream.platform.MachineMemory;
import io.offloadstream.platform.MachineProbe;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.Storage;
import java.nio.file.Path;
import java.util.List;

/**
 * How fast this machine moves weights.
 *
 * @param diskBytesPerSecond direct reads with a deep queue
 * @param memoryBytesPerSecond reads of host memory by all compute threads
 * @param busBytesPerSecond copies from pinned host memory to the device; infinite where kernels
 *     compute in host memory
 * @param deviceBytesPerSecond what a copy within the device's memory reads and writes; infinite
 *     where kernels compute in host memory
 */
public record Bandwidths(
        double diskBytesPerSecond,
        double memoryBytesPerSecond,
        double busBytesPerSecond,
        double deviceBytesPerSecond) {

    /** What a machine is taken for that a budget is too small to measure. */
    public static final Bandwidths TYPICAL = new Bandwidths(2e9, 3e10, 1.2e10, 4e11);

    private static final int REQUEST_BYTES = 4 << 20;
    private static final int READERS = 8;
    private static final long DISK_NANOS = 500_000_000;
    private static final int MEMORY_RUNS = 3;

    /**
     * What a measurement takes of host memory at most: much more than the last cache of server
     * processors holds, or part of the reads would not reach memory: 128 MB measured up to half as
     * much again as 1 GB on a machine whose cores see 32 MB.
     */
    public static final long MOST_BYTES = 512 << 20;

    /** A small machine is not driven out of memory by a measurement. */
    private static final int MEMORY_SHARE = 8;

    /** Checks that all are positive. */
    public Bandwidths {
        if (!(diskBytesPerSecond > 0)
                || !(memoryBytesPerSecond > 0)
                || !(busBytesPerSecond > 0)
                || !(deviceBytesPerSecond > 0)) {
            throw new IllegalArgumentException(
                    "bandwidths must be positive: "
                            + diskBytesPerSecond
                            + ", "
                            + memoryBytesPerSecond
                            + ", "
                            + busBytesPerSecond
                            + ", "
                            + deviceBytesPerSecond);
        }
    }

    /**
     * Constructs the bandwidths of a machine whose kernels compute in host memory.
     *
     * @param diskBytesPerSecond direct reads with a deep queue
     * @param memoryBytesPerSecond reads of host memory by all compute threads
     */
    public Bandwidths(double diskBytesPerSecond, double memoryBytesPerSecond) {
        this(
                diskBytesPerSecond,
                memoryBytesPerSecond,
                Double.POSITIVE_INFINITY,
                Double.POSITIVE_INFINITY);
    }

    /**
     * Adds what was measured of a device.
     *
     * @param busRate copies from pinned host memory, bytes per second
     * @param deviceRate bytes that a copy within the device reads and writes per second
     * @return all four
     */
    public Bandwidths withDevice(double busRate, double deviceRate) {
        return new Bandwidths(diskBytesPerSecond, memoryBytesPerSecond, busRate, deviceRate);
    }

    /**
     * Returns the least budget that {@link #measure} does with.
     *
     * @return bytes
     */
    public static long leastBytes() {
        return Math.max(REQUEST_BYTES, (long) threads() * HostMemory.MAPPED_BYTES);
    }

    /**
     * Measures this machine, in about a second. Up to {@link #MOST_BYTES} are in use meanwhile,
     * less where the budget holds less: then fewer reads are in flight, and part of the reads of
     * memory may come from a cache.
     *
     * @param file a weight file, not empty: it is read from its start, again if it is short
     * @param storage where it comes from; where that refuses direct io the page cache is measured
     * @param budget of host memory, {@link #leastBytes} or more
     * @return what was reached
     * @throws io.offloadstream.platform.BudgetExceededException if the budget holds less than that
     */
    public static Bandwidths measure(Path file, Storage storage, MemoryBudget budget) {
        return new Bandwidths(disk(file, storage, budget), memory(budget));
    }

    private static double disk(Path path, Storage storage, MemoryBudget budget) {
        long holds = budget.availableBytes() / REQUEST_BYTES;
        int readers = (int) Math.max(1, Math.min(READERS, holds));
        try (DiskProbe probe =
                new DiskProbe(List.of(path), storage, readers * REQUEST_BYTES, budget)) {
            return probe.bytesPerSecond(REQUEST_BYTES, readers, DISK_NANOS);
        }
    }

    private static double memory(MemoryBudget budget) {
        long most = Math.min(MOST_BYTES, MachineMemory.availableBytes() / MEMORY_SHARE);
        long each = Math.min(most, budget.availableBytes()) / threads();
        // whole pages, however large they are here, so that all threads' fit
        long pages = Math.max(1, each / HostMemory.MAPPED_BYTES);
        int bytes = (int) (pages * HostMemory.MAPPED_BYTES);
        try (MachineProbe probe =
                new MachineProbe(KernelProvider.kernels(), threads(), bytes, budget)) {
            return probe.readBytesPerSecond(MEMORY_RUNS);
        }
    }

    private static int threads() {
        return Runtime.getRuntime().availableProcessors();
    }
}
