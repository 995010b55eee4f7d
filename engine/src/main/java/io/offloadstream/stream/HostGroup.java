/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.platform.HostMemory;
import java.util.Arrays;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Host memory that keeps a STREAMED group as it was read, piece by piece. Thread-safe. */
final class HostGroup {

    private enum Piece {
        ABSENT,
        READING,
        PRESENT
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final int index;
    private final HostMemory memory;
    private final boolean pinned;
    private final Piece[] pieces;
    private int users;

    /**
     * Constructs an empty one.
     *
     * @param index of the group
     * @param memory owned by {@link HostGroups}
     * @param pinned whether the device copies from it at full speed
     * @param pieces how many it is read in
     */
    HostGroup(int index, HostMemory memory, boolean pinned, int pieces) {
        this.index = index;
        this.memory = memory;
        this.pinned = pinned;
        this.pieces = new Piece[pieces];
        Arrays.fill(this.pieces, Piece.ABSENT);
    }

    int index() {
        return index;
    }

    HostMemory memory() {
        return memory;
    }

    long address() {
        return memory.address();
    }

    boolean isPinned() {
        return pinned;
    }

    /**
     * Takes on the reading of a piece, waiting for another reader of it.
     *
     * @return false if it is there already; otherwise {@link #claimed} must follow
     */
    boolean claim(int piece) {
        lock.lock();
        try {
            while (pieces[piece] == Piece.READING) {
                changed.awaitUninterruptibly();
            }
            if (pieces[piece] == Piece.PRESENT) {
                return false;
            }
            pieces[piece] = Piece.READING;
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Says whether the piece is there now. */
    void claimed(int piece, boolean present) {
        lock.lock();
        try {
            pieces[piece] = present ? Piece.PRESENT : Piece.ABSENT;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Whether all of the group is there. */
    boolean isWhole() {
        lock.lock();
        try {
            for (Piece piece : pieces) {
                if (piece != Piece.PRESENT) {
                    return false;
                }
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Readers and row leases that use the memory. Guarded by the lock of {@link HostGroups}. */
    int users() {
        return users;
    }

    void addUsers(int more) {
        users += more;
    }
}
