/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import java.io.IOException;

/** An open file whose bytes go to memory of a device. Thread-safe: many reads may be in flight. */
public interface DeviceFile extends AutoCloseable {

    /** What offsets and lengths should be multiples of; others work, by way of more copies. */
    int BLOCK_BYTES = 4096;

    /**
     * Reads until the length is reached or the file ends. When it returns, the bytes are there for
     * work that is enqueued from then on.
     *
     * @param offset where in the file
     * @param target from {@link DeviceStorage#register}
     * @param targetOffset where in the target, in bytes
     * @param length how much; a request past the end of the file is cut there
     * @return the bytes read: less than length only at the end of the file
     * @throws IOException if the read fails
     */
    int read(long offset, DeviceBuffer target, long targetOffset, int length) throws IOException;

    /**
     * Returns the size now.
     *
     * @return bytes
     * @throws IOException if the file cannot be examined
     */
    long sizeBytes() throws IOException;

    /** Closes it; no read is in flight. Closing twice has no effect. */
    @Override
    void close();
}
