/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.opencl;

import java.util.Arrays;

/**
 * Numbers that stand for addresses of a device: OpenCL's memory objects have none. Each object gets
 * a range that nothing had before, with a gap behind it, so that an address of freed memory, or one
 * past the end, is found out. Lookups take no lock and allocate nothing.
 */
final class AddressSpace {

    /** Above what a process can address, so that no host address is taken for one of these. */
    static final long FIRST = 1L << 48;

    static final long ALIGNMENT_BYTES = 256;
    static final long GAP_BYTES = 1 << 20;

    /** Sorted by address, since addresses only grow. Replaced, never changed. */
    private volatile ClBuffer[] buffers = {};

    private long next = FIRST;

    /** Returns the start of a range for an object. */
    synchronized long reserve(long sizeBytes) {
        long address = next;
        next = Math.addExact(next, sizeBytes + GAP_BYTES + ALIGNMENT_BYTES - 1) & -ALIGNMENT_BYTES;
        return address;
    }

    synchronized void add(ClBuffer buffer) {
        int at = -1 - search(buffers, buffer.address());
        ClBuffer[] more = new ClBuffer[buffers.length + 1];
        System.arraycopy(buffers, 0, more, 0, at);
        more[at] = buffer;
        System.arraycopy(buffers, at, more, at + 1, buffers.length - at);
        buffers = more;
    }

    synchronized void remove(ClBuffer buffer) {
        buffers = Arrays.stream(buffers).filter(b -> b != buffer).toArray(ClBuffer[]::new);
    }

    /**
     * Finds what an address is in.
     *
     * @throws IllegalArgumentException if that is nothing
     */
    ClBuffer find(long address) {
        return find(address, 1);
    }

    /**
     * Finds what a range is in.
     *
     * @throws IllegalArgumentException if that is nothing, or only its start is in a buffer
     */
    ClBuffer find(long address, long sizeBytes) {
        ClBuffer[] all = buffers;
        int at = search(all, address);
        at = at < 0 ? -2 - at : at;
        ClBuffer buffer = at < 0 ? null : all[at];
        if (buffer == null || sizeBytes > buffer.sizeBytes() - (address - buffer.address())) {
            throw new IllegalArgumentException(
                    "the device has no memory at 0x"
                            + Long.toHexString(address)
                            + " (+"
                            + sizeBytes
                            + " bytes)"
                            + (buffer == null ? "" : "; the nearest before: " + buffer));
        }
        return buffer;
    }

    /** As {@link Arrays#binarySearch}: the index, or -1 - where it would be. */
    private static int search(ClBuffer[] all, long address) {
        int low = 0;
        int high = all.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            long start = all[middle].address();
            if (start == address) {
                return middle;
            }
            if (start < address) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return -1 - low;
    }
}
