/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import java.io.IOException;
import java.nio.file.Path;

/**
 * Where weight files come from. Tests put a faulty one in its place (short reads, errors, delays, a
 * file that refuses direct io).
 */
public interface Storage {

    /** How a file is read. */
    enum Mode {
        /**
         * Past the page cache (O_DIRECT): offset, length and address are multiples of the block.
         */
        DIRECT,
        /** Through the page cache. */
        BUFFERED
    }

    /**
     * Opens a file for positional reads.
     *
     * @param path a regular file
     * @param mode how to read
     * @return the open file
     * @throws IOException if it cannot be opened
     * @throws UnsupportedOperationException if the file system refuses the mode, or its block is
     *     larger than {@link HostMemory#ALIGNMENT_BYTES}
     */
    StorageFile open(Path path, Mode mode) throws IOException;

    /**
     * Maps a whole file read-only.
     *
     * @param path a regular file, not empty
     * @return the mapping
     * @throws IOException if it cannot be mapped
     * @throws UnsupportedOperationException if this system has no mapping
     */
    MappedFile map(Path path) throws IOException;

    /**
     * Tells whether what was read should be kept, since reading it again takes much longer than a
     * disk does.
     *
     * @return true if memory of weights from here is not to be given back for something else
     */
    default boolean isReadOnce() {
        return false;
    }

    /**
     * Returns the local file system.
     *
     * @return the storage that everything but tests uses
     */
    static Storage local() {
        return LocalStorage.INSTANCE;
    }
}
