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

    private static final int CHUNKS = 8;

    /** Larger than the caches of devices, smaller where the device is small. */
    private static final long MOST_COPY_BYTES = 256 << 20;

    private static final int MEMORY_SHARE = 16;
    private static final long LEAST_NANOS = 100_000_000;

    /**
     * Measures.
     *
     * @param backend with memory of its own
     * @return what was reached
     */
    public static DeviceSpeed measure(Backend backend) {
        long free = backend.memory().orElseThrow().freeBytes();
        long copyBytes = Math.min(MOST_COPY_BYTES, free / MEMORY_SHARE) / 512 * 512;
        try (MemoryBudget budget = MemoryBudget.unlimited("measurement");
                HostMemory pinned =
                        backend.allocateHost(budget, "measurement", CHUNKS * CHUNK_BYTES);
                DeviceBuffer target =
                        backend.allocate(budget, "measurement", CHUNKS * CHUNK_BYTES);
                DeviceBuffer from = backend.allocate(budget, "measurement", copyBytes);
                DeviceBuffer to = backend.allocate(budget, "measurement", copyBytes);
                DeviceStream stream = backend.newStream("measurement")) {
            double bus =
                    rate(
                            stream,
                            CHUNKS * CHUNK_BYTES,
                            () -> {
                                for (int i = 0; i < CHUNKS; i++) {
                                    long at = i * CHUNK_BYTES;
                                    stream.upload(
                                            pinned.address() + at,
                                            target.address() + at,
                                            CHUNK_BYTES);
                                }
                            });
            double copy =
                    rate(
                            stream,
                            2 * copyBytes,
                            () -> stream.copy(from.address(), to.address(), copyBytes));
            return new DeviceSpeed(bus, copy);
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
