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

    /** What a machine with a device is taken for until it has been measured. */
    public static final Bandwidths TYPICAL = new Bandwidths(2e9, 3e10, 1.2e10, 4e11);

    private static final int REQUEST_BYTES = 4 << 20;
    private static final int READERS = 8;
    private static final long DISK_NANOS = 500_000_000;
    private static final int MEMORY_RUNS = 3;

    /**
     * Much more than the last cache of server processors holds, or part of the reads would not
     * reach memory: 128 MB measured up to half as much again as 1 GB on a machine whose cores see
     * 32 MB.
     */
    private static final int MOST_MEMORY_BYTES = 512 << 20;

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
     * Measures this machine, in about a second. Up to 550 MB of memory are in use meanwhile.
     *
     * @param file a weight file, not empty: it is read from its start, again if it is short
     * @param storage where it comes from; where that refuses direct io the page cache is measured
     * @return what was reached
     */
    public static Bandwidths measure(Path file, Storage storage) {
        return new Bandwidths(disk(file, storage), memory());
    }

    private static double disk(Path path, Storage storage) {
        try (MemoryBudget budget = MemoryBudget.unlimited("measurement");
                DiskProbe probe =
                        new DiskProbe(List.of(path), storage, READERS * REQUEST_BYTES, budget)) {
            return probe.bytesPerSecond(REQUEST_BYTES, READERS, DISK_NANOS);
        }
    }

    private static double memory() {
        int threads = Runtime.getRuntime().availableProcessors();
        long most = Math.min(MOST_MEMORY_BYTES, MachineMemory.availableBytes() / MEMORY_SHARE);
        int bytes = (int) Math.max(most / threads, HostMemory.MAPPED_BYTES);
        try (MemoryBudget budget = MemoryBudget.unlimited("measurement");
                MachineProbe probe =
                        new MachineProbe(KernelProvider.kernels(), threads, bytes, budget)) {
            return probe.readBytesPerSecond(MEMORY_RUNS);
        }
    }
}
