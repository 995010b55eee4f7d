/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.platform.FileStamp;
import io.offloadstream.platform.MappedFile;
import io.offloadstream.platform.Storage;
import io.offloadstream.platform.StorageFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The local file system as a disk with a latency and a bandwidth that requests in flight share, by
 * a clock of its own: each thread has a time, which its reads move on. Nobody waits.
 */
final class ThrottledStorage implements Storage {

    private final long latencyNanos;
    private final double nanosPerByte;
    private final ThreadLocal<long[]> time = ThreadLocal.withInitial(() -> new long[1]);
    private final AtomicInteger inFlight = new AtomicInteger();
    private final AtomicInteger mostInFlight = new AtomicInteger();
    private final AtomicInteger longest = new AtomicInteger();
    private volatile int sharing = 1;

    ThrottledStorage(long latencyNanos, double nanosPerByte) {
        this.latencyNanos = latencyNanos;
        this.nanosPerByte = nanosPerByte;
    }

    /** The time of the calling thread. */
    long nanos() {
        return time.get()[0];
    }

    /** From now on so many requests share the bandwidth. */
    void share(int requests) {
        sharing = requests;
    }

    /** The most that were in flight at a time since this was asked last. */
    int takeMostInFlight() {
        return mostInFlight.getAndSet(0);
    }

    /** The longest request since this was asked last. */
    int takeLongest() {
        return longest.getAndSet(0);
    }

    @Override
    public StorageFile open(Path path, Mode mode) throws IOException {
        StorageFile file = Storage.local().open(path, mode);
        return new StorageFile() {
            @Override
            public int blockBytes() {
                return file.blockBytes();
            }

            @Override
            public int read(long offset, long address, int length) throws IOException {
                mostInFlight.accumulateAndGet(inFlight.incrementAndGet(), Math::max);
                longest.accumulateAndGet(length, Math::max);
                double alone = latencyNanos + length * nanosPerByte;
                time.get()[0] += (long) Math.max(alone, length * nanosPerByte * sharing);
                try {
                    return file.read(offset, address, length);
                } finally {
                    inFlight.decrementAndGet();
                }
            }

            @Override
            public FileStamp stamp() throws IOException {
                return file.stamp();
            }

            @Override
            public void close() throws IOException {
                file.close();
            }
        };
    }

    @Override
    public MappedFile map(Path path) throws IOException {
        return Storage.local().map(path);
    }
}
