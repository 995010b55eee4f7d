/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

/**
 * Raw memory of the process, below the accountant: only {@link HostMemory} calls it.
 *
 * <p>Two kinds, because they cost differently: pages go back to the system when freed and come
 * zeroed without being touched, but take a system call and a page each; blocks come from the C
 * heap, cheaply, and stay in it.
 */
interface SystemMemory {

    /**
     * Returns the size and alignment of a page.
     *
     * @return bytes, a power of two, at least 4096
     */
    int pageBytes();

    /**
     * Takes zeroed pages.
     *
     * @param sizeBytes a multiple of the page
     * @return their address
     * @throws OffloadStreamException if the system refuses
     */
    long allocatePages(long sizeBytes);

    /**
     * Gives pages back to the system.
     *
     * @param address what {@link #allocatePages} returned
     * @param sizeBytes what it was asked for
     */
    void freePages(long address, long sizeBytes);

    /**
     * Takes a block of the C heap, not zeroed.
     *
     * @param alignmentBytes a power of two
     * @param sizeBytes a multiple of the alignment
     * @return its address
     * @throws OffloadStreamException if the system refuses
     */
    long allocateBlock(int alignmentBytes, long sizeBytes);

    /**
     * Gives a block back to the C heap.
     *
     * @param address what {@link #allocateBlock} returned
     */
    void freeBlock(long address);
}
