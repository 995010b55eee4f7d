/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * An aligned, zeroed range of memory off the JVM heap, charged to a {@link MemoryBudget} until
 * closed.
 *
 * <p>The owner closes it exactly when nothing reads it any more; using an address after that is
 * undefined, as in C. Thread-safe.
 */
public final class HostMemory implements AutoCloseable {

    /** What every range starts at a multiple of: a page, which direct io and page tables want. */
    public static final int ALIGNMENT_BYTES = 4096;

    private final long allocated;
    private final long address;
    private final long sizeBytes;
    private final Reservation reservation;
    private boolean closed;

    private HostMemory(long allocated, long sizeBytes, Reservation reservation) {
        this.allocated = allocated;
        this.address = (allocated + ALIGNMENT_BYTES - 1) & -ALIGNMENT_BYTES;
        this.sizeBytes = sizeBytes;
        this.reservation = reservation;
    }

    /**
     * Allocates a range.
     *
     * @param budget what it is charged to
     * @param purpose for messages
     * @param sizeBytes its size, more than 0
     * @return the range, for the caller to close
     * @throws BudgetExceededException if the budget does not hold it
     * @throws OffloadStreamException if the machine refuses it
     */
    public static HostMemory allocate(MemoryBudget budget, String purpose, long sizeBytes) {
        Reservation reservation = budget.reserve(purpose, chargedBytes(sizeBytes));
        long allocated = Native.malloc(sizeBytes + ALIGNMENT_BYTES);
        new Pointer(allocated).clear(sizeBytes + ALIGNMENT_BYTES);
        return new HostMemory(allocated, sizeBytes, reservation);
    }

    /**
     * Returns what {@link #allocate} charges for a range of this size: planners add these up.
     *
     * @param sizeBytes the size that would be asked for
     * @return bytes
     */
    public static long chargedBytes(long sizeBytes) {
        return sizeBytes + ALIGNMENT_BYTES;
    }

    /**
     * Views memory at any address as a buffer in native byte order. No ownership is taken.
     *
     * @param address where it starts
     * @param sizeBytes its length
     * @return the view
     */
    public static ByteBuffer view(long address, int sizeBytes) {
        return new Pointer(address).getByteBuffer(0, sizeBytes).order(ByteOrder.nativeOrder());
    }

    /**
     * Returns where the range starts.
     *
     * @return an address, a multiple of {@link #ALIGNMENT_BYTES}
     */
    public long address() {
        return address;
    }

    /**
     * Returns the size.
     *
     * @return bytes
     */
    public long sizeBytes() {
        return sizeBytes;
    }

    /**
     * Views a part of the range in native byte order.
     *
     * @param offset where the part starts, in bytes
     * @param length its length in bytes
     * @return the view, valid until this is closed
     */
    public ByteBuffer buffer(long offset, int length) {
        if (offset < 0 || length < 0 || offset > sizeBytes - length) {
            throw new IndexOutOfBoundsException(
                    "[" + offset + ", +" + length + ") of " + sizeBytes + " bytes");
        }
        return view(address + offset, length);
    }

    /** Frees the range and gives its bytes back to the budget. Closing twice has no effect. */
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            Native.free(allocated);
            reservation.close();
        }
    }
}
