/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.ops;

/** What computes attention where keys and values are kept in host memory. */
public enum AttentionPlace {
    /** The device, to which the pages come over the bus: the bits are those of a cache there. */
    DEVICE,
    /**
     * The processors of the host, by their own kernels: the query goes down and the result up, keys
     * and values stay where they are. The last digits are the processor's.
     */
    HOST
}
