/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device;

import java.nio.ByteBuffer;

/**
 * A table that the host writes and kernels read: positions, page tables, masks. On a device of its
 * own memory it is two, and {@link #publish} copies.
 */
public interface SharedTable extends AutoCloseable {

    /**
     * Returns where kernels read it.
     *
     * @return an address of the device
     */
    long address();

    /**
     * Views a part for writing, in native byte order. What kernels that are still to run should
     * read must not be overwritten: the compute stream is synchronized between.
     *
     * @param offset where the part starts, in bytes
     * @param length its length in bytes
     * @return the view
     */
    ByteBuffer buffer(long offset, int length);

    /**
     * Makes what was written visible to kernels that are enqueued from now on.
     *
     * @param offset where the written part starts, in bytes
     * @param length its length in bytes
     */
    void publish(long offset, long length);

    /** Frees it. */
    @Override
    void close();
}
