/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.quant;

import java.io.IOException;

/** The rows of a tensor, some megabytes at a time, in one array. */
final class RowChunks {

    /** Takes some rows. */
    @FunctionalInterface
    interface Taker {

        /**
         * Takes the next rows.
         *
         * @param rows their bytes, from the start; overwritten when this returns
         * @param count how many they are
         * @throws IOException if they cannot be written
         */
        void take(byte[] rows, int count) throws IOException;
    }

    private final TensorRows source;
    private final byte[] chunk;
    private final int mostRows;

    /**
     * Prepares the chunks.
     *
     * @param source the tensor
     * @param widestBytes the longer of a row and what is made of it
     */
    RowChunks(TensorRows source, int widestBytes) {
        this.source = source;
        long fitting = Math.max(1, TensorEncoder.CHUNK_BYTES / Math.max(1, widestBytes));
        mostRows = (int) Math.min(source.rows(), fitting);
        chunk = new byte[Math.multiplyExact(mostRows, source.rowBytes())];
    }

    /** How many rows a chunk has at most. */
    int mostRows() {
        return mostRows;
    }

    /** Reads all rows in order. */
    void forEach(Taker taker) throws IOException {
        for (long begin = 0; begin < source.rows(); begin += mostRows) {
            int count = (int) Math.min(mostRows, source.rows() - begin);
            source.read(begin, count, chunk);
            taker.take(chunk, count);
        }
    }
}
