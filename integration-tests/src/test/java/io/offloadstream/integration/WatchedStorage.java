/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import io.offloadstream.platform.FileStamp;
import io.offloadstream.platform.MappedFile;
import io.offloadstream.platform.Storage;
import io.offloadstream.platform.StorageFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** The local file system with a say in every read; it can refuse direct io. */
final class WatchedStorage implements Storage {

    /** Runs before a read, on the thread that reads; may wait, or throw in the read's place. */
    @FunctionalInterface
    interface Hook {

        void beforeRead() throws IOException;
    }

    private final boolean refusesDirect;
    private final AtomicInteger reads = new AtomicInteger();
    private volatile Hook hook = () -> {};

    WatchedStorage() {
        this(false);
    }

    WatchedStorage(boolean refusesDirect) {
        this.refusesDirect = refusesDirect;
    }

    /** Replaces what runs before reads. */
    void setHook(Hook hook) {
        this.hook = hook;
    }

    /** Lets some reads through, then runs the hook once. */
    void afterReads(int count, Hook once) {
        AtomicInteger left = new AtomicInteger(count);
        hook =
                () -> {
                    if (left.getAndDecrement() == 0) {
                        once.beforeRead();
                    }
                };
    }

    /** Holds all reads from now on until it is closed. */
    Hold hold() {
        Hold hold = new Hold(new CountDownLatch(1), new CountDownLatch(1));
        hook = hold;
        return hold;
    }

    /** Reads that wait: {@code reached} tells when the first one does. */
    record Hold(CountDownLatch reached, CountDownLatch released) implements Hook, AutoCloseable {

        @Override
        public void beforeRead() throws IOException {
            reached.countDown();
            try {
                released.await();
            } catch (InterruptedException e) {
                throw new IOException("a reader was interrupted", e);
            }
        }

        /** Waits until a read is held. */
        void await() throws InterruptedException {
            if (!reached.await(1, TimeUnit.MINUTES)) {
                throw new AssertionError("nothing was read");
            }
        }

        /** Lets reads go on. */
        @Override
        public void close() {
            released.countDown();
        }
    }

    /** Reads that were begun. */
    int reads() {
        return reads.get();
    }

    @Override
    public StorageFile open(Path path, Mode mode) throws IOException {
        if (mode == Mode.DIRECT && refusesDirect) {
            throw new UnsupportedOperationException(path + ": no direct io here");
        }
        StorageFile file = Storage.local().open(path, mode);
        return new StorageFile() {
            @Override
            public int blockBytes() {
                return file.blockBytes();
            }

            @Override
            public int read(long offset, long address, int length) throws IOException {
                reads.incrementAndGet();
                hook.beforeRead();
                return file.read(offset, address, length);
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
