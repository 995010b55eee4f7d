/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.platform.FileStamp;
import io.offloadstream.platform.MappedFile;
import io.offloadstream.platform.Storage;
import io.offloadstream.platform.StorageFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The local file system with faults: reads that fail or end early, reads held back by a latch, a
 * file system that refuses direct io or mapping. Counts what is read and what is open.
 */
final class FaultyStorage implements Storage {

    private final AtomicInteger reads = new AtomicInteger();
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicLong bytes = new AtomicLong();
    private final Set<Integer> failing = ConcurrentHashMap.newKeySet();
    private final Set<Integer> shortened = ConcurrentHashMap.newKeySet();
    private volatile List<TensorEntry> unreadable = List.of();
    private volatile CountDownLatch gate = new CountDownLatch(0);
    private volatile boolean failingAll;
    private volatile boolean refusesDirect;
    private volatile boolean refusesMapping;
    private volatile Path unopenable;

    /** The n-th read from now, counted from 0, throws. */
    void failRead(int fromNow) {
        failing.add(reads.get() + fromNow);
    }

    /**
     * Reads that reach the middle of one of these throw, until this is called again. They are
     * larger than what a read of something else reaches around that.
     */
    void failReadsOf(List<TensorEntry> tensors) {
        unreadable = List.copyOf(tensors);
    }

    private boolean isUnreadable(Path path, long offset, int length) {
        for (TensorEntry tensor : unreadable) {
            long middle = tensor.offset() + tensor.sizeBytes() / 2;
            if (tensor.file().equals(path) && offset <= middle && middle < offset + length) {
                return true;
            }
        }
        return false;
    }

    /** All reads that end from now on throw, or none. */
    void failAllReads(boolean fail) {
        failingAll = fail;
    }

    /** The n-th read from now, counted from 0, ends after half. */
    void shortenRead(int fromNow) {
        shortened.add(reads.get() + fromNow);
    }

    /** No more faults in reads to come. */
    void clearFaults() {
        failing.clear();
        shortened.clear();
    }

    /** Holds reads back until the latch is at 0. */
    void holdReads(CountDownLatch latch) {
        gate = latch;
    }

    FaultyStorage refuseDirect() {
        refusesDirect = true;
        return this;
    }

    FaultyStorage refuseMapping() {
        refusesMapping = true;
        return this;
    }

    FaultyStorage refuseToOpen(Path path) {
        unopenable = path;
        return this;
    }

    /** Reads that were started. */
    int reads() {
        return reads.get();
    }

    /** Bytes that were asked for. */
    long bytes() {
        return bytes.get();
    }

    /** Files and mappings that are open. */
    int open() {
        return open.get();
    }

    @Override
    public StorageFile open(Path path, Mode mode) throws IOException {
        if (mode == Mode.DIRECT && refusesDirect) {
            throw new UnsupportedOperationException(path + ": direct io is refused");
        }
        if (path.equals(unopenable)) {
            throw new IOException(path + ": cannot be opened");
        }
        StorageFile file = Storage.local().open(path, mode);
        open.incrementAndGet();
        return new FaultyFile(path, file);
    }

    @Override
    public MappedFile map(Path path) throws IOException {
        if (refusesMapping) {
            throw new UnsupportedOperationException(path + ": mapping is refused");
        }
        MappedFile mapped = Storage.local().map(path);
        open.incrementAndGet();
        return new MappedFile() {
            @Override
            public long address() {
                return mapped.address();
            }

            @Override
            public long sizeBytes() {
                return mapped.sizeBytes();
            }

            @Override
            public void close() {
                open.decrementAndGet();
                mapped.close();
            }
        };
    }

    private final class FaultyFile implements StorageFile {
        private final Path path;
        private final StorageFile file;

        FaultyFile(Path path, StorageFile file) {
            this.path = path;
            this.file = file;
        }

        @Override
        public int blockBytes() {
            return file.blockBytes();
        }

        @Override
        public int read(long offset, long address, int length) throws IOException {
            int number = reads.getAndIncrement();
            bytes.addAndGet(length);
            try {
                gate.await();
            } catch (InterruptedException e) {
                throw new IOException("a reader was interrupted", e);
            }
            if (failing.remove(number) || failingAll || isUnreadable(path, offset, length)) {
                throw new IOException("injected fault in read " + number);
            }
            int count = file.read(offset, address, length);
            return shortened.remove(number) ? count / 2 : count;
        }

        @Override
        public FileStamp stamp() throws IOException {
            return FileStamp.of(path);
        }

        @Override
        public void close() throws IOException {
            open.decrementAndGet();
            file.close();
        }
    }
}
