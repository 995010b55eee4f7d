/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

/** Rows of a gathered table in memory, valid until closed. */
public interface RowLease extends AutoCloseable {

    /**
     * Returns where each row asked for starts, in the order asked for.
     *
     * @return addresses, unaligned; the rows are in their stored dtype
     */
    long[] addresses();

    /**
     * Returns where the escapes of the table are, if it is losslessly packed.
     *
     * @return an address of the host, 0 for any other table
     */
    long escapes();

    /** Ends the lease. */
    @Override
    void close();
}
