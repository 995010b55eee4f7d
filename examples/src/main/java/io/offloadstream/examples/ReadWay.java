/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import java.io.IOException;

/** A way for bytes of a file to get where kernels compute, to be measured. */
interface ReadWay extends AutoCloseable {

    /** What each read asks for. */
    int REQUEST_BYTES = 4 << 20;

    /** Returns what it is called. */
    String name();

    /**
     * Brings a part of the file there. When this returns the bytes are there or on their way.
     *
     * @param thread which of the threads calls, from 0; each calls one read at a time
     * @param offset where in the file, a multiple of {@link #REQUEST_BYTES}
     * @return bytes read, fewer than asked for at the end of the file
     * @throws IOException if the read fails
     */
    long read(int thread, long offset) throws IOException;

    /** Waits for what is on its way. */
    void finish();

    /** Frees what it holds. */
    @Override
    void close();
}
