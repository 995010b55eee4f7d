/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device;

import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;

/**
 * How fast a device is reached and reads its own memory, measured in a fraction of a second through
 * the streams that a model uses.
 *
 * @param busBytesPerSecond copies from pinned host memory
 * @param copyBytesPerSecond what a copy within the device reads and writes
 */
public record DeviceSpeed(double busBytesPerSecond, double copyBytesPerSecond) {

    /** As long as a read is: what the pipeline copies at a time. */
    private static final long CHUNK_BYTES = 4 << 20;

    /** What each of the two budgets must hold: one chunk. */
    public static final long LEAST_BYTES = CHUNK_BYTES;

    private static final int CHUNKS = 8;

    /** Larger than the caches of devices, smaller where the device is small. */
    private static final long MOST_COPY_BYTES = 256 << 20;

    /** What a measurement takes of the device at most. */
    public static final long MOST_BYTES = 2 * MOST_COPY_BYTES;

    private static final int MEMORY_SHARE = 16;
    private static final int UNIT_BYTES = 512;
    private static final long LEAST_NANOS = 100_000_000;
    private static final String PURPOSE = "measurement";

    /**
     * Measures, with no more memory than the budgets hold: with less than {@link #MOST_BYTES} of
     * the device's, part of the copies may come from its caches.
     *
     * @param backend with memory of its own
     * @param host budget of the pinned memory, {@link #LEAST_BYTES} or more
     * @param device budget of the device's memory, {@link #LEAST_BYTES} or more
     * @return what was reached
     * @throws io.offloadstream.platform.BudgetExceededException if a budget holds less than that
     */
    public static DeviceSpeed measure(Backend backend, MemoryBudget host, MemoryBudget device) {
        return new DeviceSpeed(bus(backend, host, device), copies(backend, device));
    }

    private static double bus(Backend backend, MemoryBudget host, MemoryBudget device) {
        long room = Math.min(host.availableBytes(), device.availableBytes());
        long bytes = Math.max(1, Math.min(CHUNKS, room / CHUNK_BYTES)) * CHUNK_BYTES;
        try (HostMemory pinned = backend.allocateHost(host, PURPOSE, bytes);
                DeviceBuffer target = backend.allocate(device, PURPOSE, bytes);
                DeviceStream stream = backend.newStream(PURPOSE)) {
            return rate(
                    stream,
                    bytes,
                    () -> {
                        for (long at = 0; at < bytes; at += CHUNK_BYTES) {
                            stream.upload(
                                    pinned.address() + at, target.address() + at, CHUNK_BYTES);
                        }
                    });
        }
    }

    private static double copies(Backend backend, MemoryBudget device) {
        long free = backend.memory().orElseThrow().freeBytes();
        long most = Math.min(MOST_COPY_BYTES, device.availableBytes() / 2);
        long bytes = Math.max(1, Math.min(most, free / MEMORY_SHARE) / UNIT_BYTES) * UNIT_BYTES;
        try (DeviceBuffer from = backend.allocate(device, PURPOSE, bytes);
                DeviceBuffer to = backend.allocate(device, PURPOSE, bytes);
                DeviceStream stream = backend.newStream(PURPOSE)) {
            return rate(stream, 2 * bytes, () -> stream.copy(from.address(), to.address(), bytes));
        }
    }

    /** Bytes per second of rounds that follow each other, after one that is not counted. */
    private static double rate(DeviceStream stream, long roundBytes, Runnable round) {
        round.run();
        stream.synchronize();
        int rounds = 0;
        int wanted = 1;
        long start = System.nanoTime();
        while (System.nanoTime() - start < LEAST_NANOS) {
            // more at a time, so that waiting for the last one does not show
            for (int i = 0; i < wanted; i++) {
                round.run();
            }
            stream.synchronize();
            rounds += wanted;
            wanted = Math.min(64, 2 * wanted);
        }
        return (double) rounds * roundBytes * 1e9 / (System.nanoTime() - start);
    }
}
