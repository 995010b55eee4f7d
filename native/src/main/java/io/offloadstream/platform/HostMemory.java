/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import com.sun.jna.Native;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * An aligned, zeroed range of memory off the JVM heap, charged to a {@link MemoryBudget} until
 * closed.
 *
 * <p>A range of {@link #MAPPED_BYTES} or more has pages of its own, which go back to the system
 * when it is closed; a smaller one comes from the C heap. The owner closes it exactly when nothing
 * reads it any more; using an address after that is undefined, as in C. Thread-safe.
 */
public final class HostMemory implements DeviceBuffer {

    /**
     * What a range starts at a multiple of if its size is a multiple of this, or {@link
     * #MAPPED_BYTES} or more: what direct io wants of a slot, however small.
     */
    public static final int ALIGNMENT_BYTES = 4096;

    /** What any range starts at a multiple of: a cache line, and the widest vector register. */
    public static final int MINIMUM_ALIGNMENT_BYTES = 64;

    /**
     * From this size on a range has its own pages. Below it, rounding up to pages and a system call
     * per allocation would cost more than the C heap does.
     */
    public static final int MAPPED_BYTES = 64 << 10;

    private static final SystemMemory SYSTEM =
            Platform.isWindows() ? WindowsMemory.INSTANCE : PosixMemory.INSTANCE;

    /** Where ranges come from that the system's allocator does not give: pinned memory. */
    public interface Source {

        /**
         * Allocates.
         *
         * @param sizeBytes as charged
         * @return the address of zeroed memory, aligned as {@link HostMemory#address()} says
         * @throws OffloadStreamException if it is refused
         */
        long allocate(long sizeBytes);

        /**
         * Frees.
         *
         * @param address from {@link #allocate}
         * @param sizeBytes as allocated
         */
        void free(long address, long sizeBytes);
    }

    private static final Source MACHINE =
            new Source() {
                @Override
                public long allocate(long sizeBytes) {
                    return allocateZeroed(sizeBytes);
                }

                @Override
                public void free(long address, long sizeBytes) {
                    if (sizeBytes >= MAPPED_BYTES) {
                        SYSTEM.freePages(address, sizeBytes);
                    } else {
                        SYSTEM.freeBlock(address);
                    }
                }
            };

    private final long address;
    private final long sizeBytes;
    private final Source source;
    private final Reservation reservation;
    private final AtomicBoolean closed = new AtomicBoolean();

    private HostMemory(
            String purpose, Source source, long address, long sizeBytes, Reservation reservation) {
        this.source = source;
        this.address = address;
        this.sizeBytes = sizeBytes;
        this.reservation = reservation;
        MemoryTracker.watch(this, closed, purpose, sizeBytes);
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
        return allocate(budget, purpose, sizeBytes, MACHINE);
    }

    /**
     * Allocates a range from somewhere else, charged alike.
     *
     * @param budget what it is charged to
     * @param purpose for messages
     * @param sizeBytes its size, more than 0
     * @param source where it comes from
     * @return the range, for the caller to close
     * @throws BudgetExceededException if the budget does not hold it
     * @throws OffloadStreamException if the source refuses it
     */
    public static HostMemory allocate(
            MemoryBudget budget, String purpose, long sizeBytes, Source source) {
        Reservation reservation = budget.reserve(purpose, chargedBytes(sizeBytes));
        long address = 0;
        try {
            address = source.allocate(chargedBytes(sizeBytes));
        } catch (DeviceMemoryException e) {
            throw new DeviceMemoryException(purpose + ": " + e.getMessage(), e);
        } catch (OffloadStreamException e) {
            throw new OffloadStreamException(purpose + ": " + e.getMessage(), e);
        } finally {
            if (address == 0) {
                reservation.close();
            }
        }
        return new HostMemory(purpose, source, address, sizeBytes, reservation);
    }

    /**
     * Returns the memory of the machine, for other sources to hand out.
     *
     * @return a source, which like all charges nothing: {@link #allocate} has done so
     */
    public static Source machine() {
        return MACHINE;
    }

    private static long allocateZeroed(long charged) {
        if (charged >= MAPPED_BYTES) {
            return SYSTEM.allocatePages(charged);
        }
        int alignment = charged % ALIGNMENT_BYTES == 0 ? ALIGNMENT_BYTES : MINIMUM_ALIGNMENT_BYTES;
        long address = SYSTEM.allocateBlock(alignment, charged);
        new Pointer(address).clear(charged);
        return address;
    }

    /**
     * Returns what {@link #allocate} charges for a range of this size: planners add these up. It is
     * what the range takes: whole pages from {@link #MAPPED_BYTES} on, multiples of {@link
     * #MINIMUM_ALIGNMENT_BYTES} below. A larger size never costs less.
     *
     * @param sizeBytes the size that would be asked for, more than 0
     * @return bytes
     */
    public static long chargedBytes(long sizeBytes) {
        if (sizeBytes <= 0) {
            throw new IllegalArgumentException(
                    "a range of memory needs at least 1 byte: " + sizeBytes);
        }
        long unit = sizeBytes >= MAPPED_BYTES ? SYSTEM.pageBytes() : MINIMUM_ALIGNMENT_BYTES;
        // Saturates: no machine has that much, and the refusal says so
        return sizeBytes > Long.MAX_VALUE - unit ? Long.MAX_VALUE : (sizeBytes + unit - 1) & -unit;
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
     * Returns where a buffer's memory starts.
     *
     * @param direct a direct buffer of any element type; its position does not count
     * @return the address of its element 0, valid as long as the memory is
     */
    public static long addressOf(Buffer direct) {
        return Pointer.nativeValue(Native.getDirectBufferPointer(direct));
    }

    /**
     * Returns where the range starts.
     *
     * @return an address, a multiple of {@link #MINIMUM_ALIGNMENT_BYTES}, and of {@link
     *     #ALIGNMENT_BYTES} where the size is one or at least {@link #MAPPED_BYTES}
     */
    @Override
    public long address() {
        return address;
    }

    /**
     * Returns the size.
     *
     * @return bytes
     */
    @Override
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
    public void close() {
        if (closed.compareAndSet(false, true)) {
            source.free(address, chargedBytes(sizeBytes));
            reservation.close();
        }
    }
}
