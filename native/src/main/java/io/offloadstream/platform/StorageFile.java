/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import java.io.IOException;

/** One open file. Thread-safe: many positional reads may be in flight. */
public interface StorageFile extends AutoCloseable {

    /**
     * Returns what offset, length and address of a read must be multiples of.
     *
     * @return bytes: the file system's block size for direct io, 1 for buffered
     */
    int blockBytes();

    /**
     * Reads into memory until the length is reached or the file ends.
     *
     * @param offset where in the file
     * @param address where in memory
     * @param length how much; a request past the end of the file is cut there
     * @return the bytes read: less than length only at the end of the file
     * @throws IOException if the read fails
     */
    int read(long offset, long address, int length) throws IOException;

    /**
     * Returns what tells one state of the file from another.
     *
     * @return size, modification time and file key now
     * @throws IOException if the file cannot be examined
     */
    FileStamp stamp() throws IOException;

    /** {@inheritDoc} */
    @Override
    void close() throws IOException;
}
