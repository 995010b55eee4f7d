/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import io.offloadstream.platform.OffloadStreamException;
import io.offloadstream.platform.PageCache;
import io.offloadstream.platform.ProcessCounters;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * What a way of reading did in a while, and what it did to the host's memory.
 *
 * @param bytes read
 * @param seconds that took
 * @param pageCacheBytes by which the page cache grew: of the file, or of the machine where only
 *     that is known; empty where neither is
 * @param residentBytes by which this process grew; empty where that is not known
 * @param readCallBytes that went through read calls of this process; empty where not known
 */
record ReadSample(
        long bytes,
        double seconds,
        OptionalLong pageCacheBytes,
        OptionalLong residentBytes,
        OptionalLong readCallBytes) {

    /** Adds a later sample of the same way. */
    ReadSample and(ReadSample later) {
        return new ReadSample(
                bytes + later.bytes,
                seconds + later.seconds,
                sum(pageCacheBytes, later.pageCacheBytes, 1),
                sum(residentBytes, later.residentBytes, 1),
                sum(readCallBytes, later.readCallBytes, 1));
    }

    double bytesPerSecond() {
        return bytes / seconds;
    }

    private static OptionalLong sum(OptionalLong one, OptionalLong other, int sign) {
        return one.isPresent() && other.isPresent()
                ? OptionalLong.of(one.getAsLong() + sign * other.getAsLong())
                : OptionalLong.empty();
    }

    private static OptionalLong pageCache(Path file) throws IOException {
        OptionalLong own = PageCache.residentBytes(file);
        return own.isPresent() ? own : ProcessCounters.pageCacheBytes();
    }

    /**
     * Reads a file for a while, again from its start if it is short.
     *
     * @param way how
     * @param file of that way
     * @param sizeBytes its size, more than 0
     * @param threads how many read
     * @param nanos for how long; each thread reads once at least
     * @return what was done
     */
    static ReadSample take(ReadWay way, Path file, long sizeBytes, int threads, long nanos)
            throws IOException {
        PageCache.drop(file);
        OptionalLong cache = pageCache(file);
        OptionalLong resident = ProcessCounters.residentBytes();
        OptionalLong calls = ProcessCounters.readCallBytes();
        long start = System.nanoTime();
        long bytes = readAll(way, sizeBytes, threads, start, nanos);
        way.finish();
        double seconds = (System.nanoTime() - start) / 1e9;
        return new ReadSample(
                bytes,
                seconds,
                sum(pageCache(file), cache, -1),
                sum(ProcessCounters.residentBytes(), resident, -1),
                sum(ProcessCounters.readCallBytes(), calls, -1));
    }

    private static long readAll(ReadWay way, long sizeBytes, int threads, long start, long nanos) {
        long requests = (sizeBytes + ReadWay.REQUEST_BYTES - 1) / ReadWay.REQUEST_BYTES;
        AtomicLong next = new AtomicLong();
        AtomicLong bytes = new AtomicLong();
        AtomicReference<Exception> failure = new AtomicReference<>();
        CountDownLatch running = new CountDownLatch(threads);
        List<Thread> started = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            int number = i;
            Runnable reads =
                    () -> {
                        try {
                            do {
                                long request = next.getAndIncrement() % requests;
                                bytes.addAndGet(way.read(number, request * ReadWay.REQUEST_BYTES));
                            } while (System.nanoTime() - start < nanos && failure.get() == null);
                        } catch (IOException | RuntimeException e) {
                            failure.compareAndSet(null, e);
                        } finally {
                            running.countDown();
                        }
                    };
            started.add(new Thread(reads, "gds-check-" + i));
        }
        started.forEach(Thread::start);
        await(running);
        if (failure.get() != null) {
            throw new OffloadStreamException(
                    way.name() + ": " + failure.get().getMessage(), failure.get());
        }
        return bytes.get();
    }

    private static void await(CountDownLatch running) {
        try {
            running.await();
        } catch (InterruptedException e) {
            throw new OffloadStreamException("interrupted while measuring", e);
        }
    }
}
