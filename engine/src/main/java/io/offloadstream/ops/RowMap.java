/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.ops;

import io.offloadstream.platform.HostMemory;

/**
 * Which sequence and slot each row of a call belongs to.
 *
 * @param count number of rows
 * @param sequences address of (count) int32: index of the sequence
 * @param slots address of (count) int32: slot within the sequence
 * @param targets address of (count) int64: where head 0 of the row's keys goes in layer 0, from
 *     {@link KvView#base}
 * @param host the same as the host sees it; null where the host computes
 */
public record RowMap(int count, long sequences, long slots, long targets, HostRows host) {

    /**
     * Constructs a map for kernels that compute in host memory.
     *
     * @param count number of rows
     * @param sequences address of (count) int32: index of the sequence
     * @param slots address of (count) int32: slot within the sequence
     * @param targets address of (count) int64: where head 0 of the row's keys goes in layer 0
     */
    public RowMap(int count, long sequences, long slots, long targets) {
        this(count, sequences, slots, targets, null);
    }

    /**
     * Returns the map for kernels of the host.
     *
     * @return the same rows, their addresses the host's
     * @throws IllegalStateException if the host does not know them
     */
    public RowMap onHost() {
        if (host == null) {
            throw new IllegalStateException("these rows are known to the device alone");
        }
        return new RowMap(
                count,
                HostMemory.addressOf(host.sequences()),
                HostMemory.addressOf(host.slots()),
                HostMemory.addressOf(host.targets()));
    }

    /**
     * Returns the map of some of the rows.
     *
     * @param begin first row
     * @param end one past the last row
     * @return their map
     */
    public RowMap rows(int begin, int end) {
        return new RowMap(
                end - begin,
                sequences + 4L * begin,
                slots + 4L * begin,
                targets + 8L * begin,
                host == null ? null : host.rows(begin, end));
    }
}
