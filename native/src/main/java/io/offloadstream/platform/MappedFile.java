/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

/**
 * A whole file mapped read-only, charged to nobody here: the mapper reserves its size first.
 *
 * <p>If the file is cut while it is mapped, touching a lost page kills the JVM (SIGBUS), as in
 * every reader that maps; {@link FileStamp} is compared before each pass for that reason.
 */
public interface MappedFile extends AutoCloseable {

    /**
     * Returns where the file's first byte is mapped.
     *
     * @return an address, page-aligned
     */
    long address();

    /**
     * Returns how much is mapped.
     *
     * @return bytes
     */
    long sizeBytes();

    /** Unmaps. Closing twice has no effect. */
    @Override
    void close();
}
