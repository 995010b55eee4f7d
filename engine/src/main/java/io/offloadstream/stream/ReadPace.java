/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.platform.MemorySize;

/**
 * How weights are read from disk during a pass.
 *
 * @param requests most read requests in flight
 * @param requestBytes most bytes that a request asks for
 * @param slots of the ring that groups are read into
 */
public record ReadPace(int requests, int requestBytes, int slots) {

    @Override
    public String toString() {
        return requests
                + " requests of "
                + MemorySize.format(requestBytes)
                + " in flight, "
                + slots
                + " slots";
    }
}
