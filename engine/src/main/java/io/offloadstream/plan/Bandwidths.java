/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.plan;

import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.Interrupts;
import io.offloadstream.platform.MachineMemory;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.OffloadStreamException;
import io.offloadstream.platform.Storage;
import io.offloadstream.platform.StorageFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

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
    private static final long MEMORY_NANOS = 250_000_000;

    /**
     * Much more than the last cache of server processors holds, or part of the reads would not
     * reach memory: 128 MB measured up to half as much again as 1 GB on a machine whose cores see
     * 32 MB.
     */
    private static final int MOST_MEMORY_BYTES = 512 << 20;

    /** A small machine is not driven out of memory by a measurement. */
    private static final int MEMORY_SHARE = 8;

    /** What one comparison takes: many calls, so that it is compiled early. */
    private static final int CHUNK_BYTES = 64 << 10;

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

    /** Does one part of a measurement. */
    @FunctionalInterface
    private interface Part {

        /** Moves bytes and returns how many. */
        long move(int thread) throws IOException;
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
                StorageFile file = open(path, storage);
                HostMemory memory =
                        HostMemory.allocate(
                                budget, "measurement", (long) READERS * REQUEST_BYTES)) {
            long requests = Math.max(1, file.stamp().sizeBytes() / REQUEST_BYTES);
            AtomicLong next = new AtomicLong();
            return rate(
                    READERS,
                    DISK_NANOS,
                    thread ->
                            file.read(
                                    next.getAndIncrement() % requests * REQUEST_BYTES,
                                    memory.address() + (long) thread * REQUEST_BYTES,
                                    REQUEST_BYTES));
        } catch (IOException e) {
            throw new OffloadStreamException(path + " cannot be measured: " + e, e);
        }
    }

    private static StorageFile open(Path path, Storage storage) throws IOException {
        try {
            return storage.open(path, Storage.Mode.DIRECT);
        } catch (UnsupportedOperationException e) {
            return storage.open(path, Storage.Mode.BUFFERED);
        }
    }

    /** Equal ranges are compared: two streams of vector reads and nothing written. */
    private static double memory() {
        int size = (int) Math.min(MOST_MEMORY_BYTES, MachineMemory.availableBytes() / MEMORY_SHARE);
        int threads =
                Math.min(Runtime.getRuntime().availableProcessors(), size / (2 * CHUNK_BYTES));
        try (MemoryBudget budget = MemoryBudget.unlimited("measurement");
                HostMemory memory = HostMemory.allocate(budget, "measurement", size)) {
            // pages that were never written are all one page
            ByteBuffer touched = memory.buffer(0, size);
            for (int i = 0; i < size; i += 64) {
                touched.put(i, (byte) 1);
            }
            int shareBytes = size / (2 * threads) / CHUNK_BYTES * CHUNK_BYTES;
            ByteBuffer[] shares = new ByteBuffer[2 * threads];
            for (int i = 0; i < shares.length; i++) {
                shares[i] = memory.buffer((long) i * shareBytes, shareBytes);
            }
            return rate(
                    threads,
                    MEMORY_NANOS,
                    thread -> compare(shares[2 * thread], shares[2 * thread + 1]));
        }
    }

    private static long compare(ByteBuffer one, ByteBuffer other) {
        for (int at = 0; at < one.capacity(); at += CHUNK_BYTES) {
            one.clear().position(at).limit(at + CHUNK_BYTES);
            other.clear().position(at).limit(at + CHUNK_BYTES);
            if (one.mismatch(other) != -1) {
                throw new IllegalStateException("memory changed while its speed was measured");
            }
        }
        return 2L * one.capacity();
    }

    /** Bytes per second that some threads move together for a while, each at least once. */
    private static double rate(int threads, long nanos, Part part) {
        AtomicLong bytes = new AtomicLong();
        AtomicReference<Exception> failure = new AtomicReference<>();
        long start = System.nanoTime();
        List<Thread> running = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            int number = i;
            Thread thread =
                    new Thread(
                            () -> {
                                try {
                                    do {
                                        bytes.addAndGet(part.move(number));
                                    } while (System.nanoTime() - start < nanos);
                                } catch (IOException | RuntimeException e) {
                                    failure.set(e);
                                }
                            },
                            "ofs-measure-" + i);
            thread.setDaemon(true);
            thread.start();
            running.add(thread);
        }
        running.forEach(Bandwidths::join);
        if (failure.get() != null) {
            throw new OffloadStreamException(
                    "bandwidth cannot be measured: " + failure.get(), failure.get());
        }
        return bytes.get() * 1e9 / (System.nanoTime() - start);
    }

    private static void join(Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Interrupts.restore();
        }
    }
}
