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
