/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.OffloadStreamException;
import io.offloadstream.platform.Owned;

/**
 * Memory that one group at a time is read into and computed from. Every field is guarded by the
 * pipeline's lock; the bytes belong to the readers while READING and to the lease holders while
 * LEASED.
 */
final class Slot implements AutoCloseable {

    /** Who owns the bytes. */
    enum State {
        /** Nobody. */
        FREE,
        /** The readers. */
        READING,
        /** Nobody; the group's weights are there. */
        READY,
        /** Holders of leases. */
        LEASED,
        /** Nobody; the read failed. */
        FAILED
    }

    /** In place of slots: a ring must be made first, as memory was given up meanwhile. */
    static final Slot[] NO_RING = {};

    private final ComputeMemory home;
    private final DeviceBuffer memory;
    private final String label;
    private final SlotEvents events = new SlotEvents();
    private State state = State.FREE;
    private int group = -1;
    private Piece[] pieces = {};

    /** Where the weights of the group are, once somebody has leased them. */
    private Tensor[] tensors;

    private int taken;
    private int pending;
    private int leases;
    private boolean unwanted;
    private boolean unread = true;
    private long diskBytes;
    private long hostBytes;
    private long startedInPass;
    private OffloadStreamException failure;

    /**
     * Constructs a free slot.
     *
     * @param home whose memory it is
     * @param memory where the group lies, null if it is mapped
     * @param label what it is if that is no group, for messages, or null
     */
    Slot(ComputeMemory home, DeviceBuffer memory, String label) {
        this.home = home;
        this.memory = memory;
        this.label = label;
    }

    /** A group that is in memory without being read. */
    static Slot mapped(ComputeMemory home, int group) {
        Slot slot = new Slot(home, null, null);
        slot.group = group;
        slot.state = State.READY;
        slot.unread = false;
        return slot;
    }

    /** Whose memory it is. */
    ComputeMemory home() {
        return home;
    }

    DeviceBuffer memory() {
        return memory;
    }

    /** What copies and computation wait for each other by. */
    SlotEvents events() {
        return events;
    }

    /** What is in it if that is no group, or null. */
    String label() {
        return label;
    }

    State state() {
        return state;
    }

    int group() {
        return group;
    }

    Piece piece(int index) {
        return pieces[index];
    }

    OffloadStreamException failure() {
        return failure;
    }

    long startedInPass() {
        return startedInPass;
    }

    boolean isUnwanted() {
        return unwanted;
    }

    /** Returns a slot if it is filled, null if it is not there yet. */
    static Slot filled(Slot slot) {
        if (slot != null && slot.state() == Slot.State.FAILED) {
            OffloadStreamException failure = slot.failure();
            throw failure instanceof DeviceException
                    ? new DeviceException(failure.getMessage(), failure)
                    : new OffloadStreamException(failure.getMessage(), failure);
        }
        return slot != null && slot.isFilled() ? slot : null;
    }

    /** READY or shared by leases already. */
    boolean isFilled() {
        return state == State.READY || state == State.LEASED;
    }

    /** FREE to READING: the readers own the bytes. */
    void startReading(int newGroup, Piece[] newPieces, long pass) {
        require(State.FREE);
        group = newGroup;
        pieces = newPieces;
        tensors = null;
        taken = 0;
        pending = newPieces.length;
        unwanted = false;
        unread = true;
        diskBytes = 0;
        hostBytes = 0;
        failure = null;
        startedInPass = pass;
        events.begin(pending);
        state = pending == 0 ? State.READY : State.READING;
    }

    boolean hasPieces() {
        return state == State.READING && taken < pieces.length;
    }

    int takePiece() {
        require(State.READING);
        return taken++;
    }

    /** Gives up the pieces that no reader has taken. */
    private void skipPieces() {
        pending -= pieces.length - taken;
        taken = pieces.length;
    }

    /**
     * Ends one piece; the last one that ends moves READING to READY, FAILED, or FREE if unwanted.
     *
     * @return whether that was the last
     */
    boolean completePiece(OffloadStreamException error) {
        require(State.READING);
        pending--;
        if (error != null) {
            failure = failure == null ? error : failure;
            skipPieces();
        }
        return endReading();
    }

    /** Adds to where the bytes came from. */
    void addBytes(long fromDisk, long fromHost) {
        diskBytes += fromDisk;
        hostBytes += fromHost;
    }

    /** What was read from disk, whole blocks. */
    long diskBytes() {
        return diskBytes;
    }

    /** What was copied from host memory that keeps the group. */
    long hostBytes() {
        return hostBytes;
    }

    /** READY to FAILED if copies that were under way have failed since. */
    void checkArrival() {
        if (state == State.READY) {
            try {
                events.checkArrival();
            } catch (DeviceException e) {
                failure = e;
                state = State.FAILED;
            }
        }
    }

    private boolean endReading() {
        if (pending > 0) {
            return false;
        }
        if (unwanted) {
            state = State.FREE;
            unwanted = false;
        } else {
            state = failure == null ? State.READY : State.FAILED;
        }
        return true;
    }

    /** To FREE: at once, or when the readers have ended what they have taken. */
    void drop() {
        if (state == State.READING) {
            unwanted = true;
            skipPieces();
            endReading();
        } else if (state != State.FREE) {
            if (leases > 0) {
                throw new IllegalStateException("dropped while leased: group " + group);
            }
            state = State.FREE;
        }
    }

    /** READY or LEASED to LEASED. */
    void lease() {
        if (!isFilled()) {
            throw new IllegalStateException("lease of a slot that is " + state);
        }
        leases++;
        state = State.LEASED;
    }

    /** LEASED to READY with the last lease. */
    void release() {
        require(State.LEASED);
        leases--;
        if (leases == 0) {
            state = State.READY;
        }
    }

    /**
     * The weights of the group that is in it, as {@link #setTensors} was told; null before. For
     * holders of a lease.
     */
    Tensor[] tensors() {
        return tensors;
    }

    void setTensors(Tensor[] weights) {
        tensors = weights;
    }

    /** Tells once per reading that it is being used for the first time. */
    boolean firstUse() {
        boolean first = unread;
        unread = false;
        return first;
    }

    /** Frees the memory. Called when nobody uses it any more. */
    @Override
    public void close() {
        Owned.closeAll(events, memory);
    }

    private void require(State expected) {
        if (state != expected) {
            throw new IllegalStateException(
                    "slot of group " + group + " is " + state + ", should be " + expected);
        }
    }
}
