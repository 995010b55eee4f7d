/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.ops;

/**
 * What kind of request operators run for. A backend may have another order of summation for each;
 * within one, a row's result depends on nothing but the row and its cache.
 */
public enum Phase {
    /** Up to {@link #MOST_DECODE_ROWS} rows: bound by reading the weights. */
    DECODE,
    /** More rows: bound by arithmetic. */
    PREFILL;

    /** The most rows of a request that count as decoding. */
    public static final int MOST_DECODE_ROWS = 8;

    /**
     * Tells the phase of a request: of all of it, however it is cut into passes and chunks.
     *
     * @param rows tokens of all its sequences
     * @return its phase
     */
    public static Phase of(long rows) {
        return rows <= MOST_DECODE_ROWS ? DECODE : PREFILL;
    }
}
