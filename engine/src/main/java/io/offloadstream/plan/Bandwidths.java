/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.plan;

/**
 * How fast this machine moves weights.
 *
 * @param diskBytesPerSecond direct reads with a deep queue
 * @param memoryBytesPerSecond reads by all compute threads
 */
public record Bandwidths(double diskBytesPerSecond, double memoryBytesPerSecond) {

    /** Checks that both are positive. */
    public Bandwidths {
        if (!(diskBytesPerSecond > 0) || !(memoryBytesPerSecond > 0)) {
            throw new IllegalArgumentException(
                    "bandwidths must be positive: "
                            + diskBytesPerSecond
                            + ", "
                            + memoryBytesPerSecond);
        }
    }
}
