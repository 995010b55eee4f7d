/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.ops;

import java.nio.IntBuffer;
import java.nio.LongBuffer;

/**
 * What a {@link RowMap} holds, as the host sees it: for operators that decide on the host what is
 * copied, because the cache is kept there. Not changed before the compute stream is synchronized.
 *
 * @param sequences (count) index of the sequence
 * @param slots (count) slot within the sequence
 * @param targets (count) where head 0 of the row's keys goes in layer 0, from {@link KvView#base}
 */
public record HostRows(IntBuffer sequences, IntBuffer slots, LongBuffer targets) {

    /**
     * Views some of the rows.
     *
     * @param begin first row
     * @param end one past the last row
     * @return the view
     */
    public HostRows rows(int begin, int end) {
        return new HostRows(
                sequences.slice(begin, end - begin),
                slots.slice(begin, end - begin),
                targets.slice(begin, end - begin));
    }
}
