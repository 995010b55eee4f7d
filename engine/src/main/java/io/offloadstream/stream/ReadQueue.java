/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.platform.OffloadStreamException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.IntFunction;

/**
 * The requests that readers take: the pieces of slots that are being read into, so many in flight
 * at a time. Guarded by the pipeline's lock.
 *
 * <p>There are more readers than requests in flight, and often there is nothing to read. So whoever
 * makes something readable wakes one reader if it may start a request, and a reader that has taken
 * a request wakes the next one if there is another: as many wake up as have something to do. One
 * that has done a request comes back for the next by itself.
 */
final class ReadQueue {

    private final ReentrantLock lock;

    /** Signalled when a request may be started. */
    private final Condition work;

    private final BooleanSupplier addNext;
    private final IntFunction<String> groupName;
    private final StreamCounters counters;
    private final Deque<Slot> reading = new ArrayDeque<>();
    private boolean stopping;
    private int inFlight;
    private int mostInFlight;

    /**
     * Starts empty.
     *
     * @param lock the pipeline's
     * @param addNext adds the slot that is to be read into next; false if there is none now
     * @param groupName names a group, for messages
     */
    ReadQueue(
            ReentrantLock lock,
            BooleanSupplier addNext,
            IntFunction<String> groupName,
            StreamCounters counters) {
        this.lock = lock;
        this.work = lock.newCondition();
        this.addNext = addNext;
        this.groupName = groupName;
        this.counters = counters;
    }

    /** Sets how many requests may be in flight. */
    void setMostInFlight(int requests) {
        mostInFlight = requests;
        counters.inFlight(inFlight, mostInFlight);
    }

    /** Adds a slot with pieces, before or behind what is being read already. */
    void add(Slot slot, boolean urgent) {
        if (urgent) {
            reading.addFirst(slot);
        } else {
            reading.addLast(slot);
        }
    }

    /** Starts no more requests for a slot. */
    void remove(Slot slot) {
        reading.remove(slot);
    }

    /** Wakes a reader if it may start a request. */
    void wake() {
        if (mayStart()) {
            work.signal();
        }
    }

    private boolean mayStart() {
        if (inFlight >= mostInFlight) {
            return false;
        }
        while (reading.isEmpty()) {
            if (!addNext.getAsBoolean()) {
                return false;
            }
        }
        return true;
    }

    /** Waits for the next request. Returns null when the stream stops. */
    Work take() {
        lock.lock();
        try {
            while (!stopping && !mayStart()) {
                work.awaitUninterruptibly();
                counters.readerWoke();
            }
            if (stopping) {
                return null;
            }
            Slot slot = reading.peekFirst();
            int index = slot.takePiece();
            if (!slot.hasPieces()) {
                reading.removeFirst();
            }
            counters.inFlight(++inFlight, mostInFlight);
            wake();
            String name = slot.label() == null ? groupName.apply(slot.group()) : slot.label();
            return new Work(slot, slot.group(), index, slot.piece(index), name);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Counts a request as done, or failed. Its reader must come back for the next.
     *
     * @return whether it was the last of its slot
     */
    boolean complete(Work done, PieceReads reads, OffloadStreamException failure) {
        counters.request(reads);
        counters.inFlight(--inFlight, mostInFlight);
        done.slot().addBytes(reads.diskBytes(), reads.hostBytes());
        boolean last = done.slot().completePiece(failure);
        if (!done.slot().hasPieces()) {
            reading.remove(done.slot());
        }
        return last;
    }

    /** Makes {@link #take} return null. */
    void stop() {
        stopping = true;
        work.signalAll();
    }

    boolean isStopping() {
        return stopping;
    }
}
