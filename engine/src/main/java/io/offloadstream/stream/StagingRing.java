/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.Owned;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * Chunks that pieces land in on their way to slots on the device: pinned host memory, or memory of
 * the device that its storage reads into. A chunk is used again when its last upload has ended;
 * whoever gets it waits for that, which only readers do.
 */
final class StagingRing implements AutoCloseable {

    /** One piece's place, owned by the reader that took it. */
    static final class Chunk implements AutoCloseable {
        private final DeviceBuffer memory;
        private SharedEvent lastUpload;

        private Chunk(DeviceBuffer memory) {
            this.memory = memory;
        }

        /** Host memory, or the device's. */
        DeviceBuffer memory() {
            return memory;
        }

        /** Sets the end of what reads the chunk; takes the event over. */
        void copied(SharedEvent end) {
            lastUpload = end;
        }

        @Override
        public void close() {
            Owned.closeAll(lastUpload, memory);
        }
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition returned = lock.newCondition();
    private final List<Chunk> all = new ArrayList<>();
    private final Deque<Chunk> idle = new ArrayDeque<>();
    private final Deque<Chunk> inFlight = new ArrayDeque<>();
    private final CopyQueue copies;
    private long waitNanos;

    /**
     * Allocates the chunks.
     *
     * @param count how many, at least 1
     * @param allocator allocates one, of the size of the largest piece
     * @param copies what copies from them
     */
    StagingRing(int count, Supplier<? extends DeviceBuffer> allocator, CopyQueue copies) {
        this.copies = copies;
        boolean complete = false;
        try {
            for (int i = 0; i < count; i++) {
                all.add(new Chunk(allocator.get()));
            }
            complete = true;
        } finally {
            if (!complete) {
                close();
            }
        }
        idle.addAll(all);
    }

    /**
     * Takes a chunk that nothing reads any more, waiting for one.
     *
     * @return the chunk, for {@link #giveBack}
     */
    Chunk take() {
        long start = System.nanoTime();
        Chunk chunk;
        lock.lock();
        try {
            while (idle.isEmpty() && inFlight.isEmpty()) {
                returned.awaitUninterruptibly();
            }
            chunk = idle.isEmpty() ? inFlight.removeFirst() : idle.removeFirst();
        } finally {
            lock.unlock();
        }
        awaitUpload(chunk);
        lock.lock();
        try {
            waitNanos += System.nanoTime() - start;
        } finally {
            lock.unlock();
        }
        return chunk;
    }

    private void awaitUpload(Chunk chunk) {
        if (chunk.lastUpload == null) {
            return;
        }
        try {
            chunk.lastUpload.event().await();
        } catch (DeviceException e) {
            // the slot that it was for knows, by the same event; here the chunk must only be unused
            copies.settle();
        } finally {
            chunk.lastUpload.close();
            chunk.lastUpload = null;
        }
    }

    /** Gives a chunk back, with the end of its upload if there is one under way. */
    void giveBack(Chunk chunk) {
        lock.lock();
        try {
            (chunk.lastUpload == null ? idle : inFlight).addLast(chunk);
            returned.signal();
        } finally {
            lock.unlock();
        }
    }

    /** How long readers waited for chunks, all together. */
    long waitNanos() {
        lock.lock();
        try {
            return waitNanos;
        } finally {
            lock.unlock();
        }
    }

    /** Frees the chunks. Called when no stream reads them any more. */
    @Override
    public void close() {
        List<Chunk> chunks = List.copyOf(all);
        all.clear();
        Owned.closeAll(chunks);
    }
}
