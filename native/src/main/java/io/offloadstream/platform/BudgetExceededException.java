/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

/** A request that the memory budget does not hold, with the numbers that say by how much. */
public final class BudgetExceededException extends OffloadStreamException {

    private static final long serialVersionUID = 1L;

    private final long requestedBytes;
    private final long availableBytes;

    /**
     * Constructs an exception.
     *
     * @param message subject, value, limit, remedy
     * @param requestedBytes what was asked for
     * @param availableBytes what was left when it was asked for
     */
    public BudgetExceededException(String message, long requestedBytes, long availableBytes) {
        super(message);
        this.requestedBytes = requestedBytes;
        this.availableBytes = availableBytes;
    }

    /**
     * Returns what was asked for.
     *
     * @return bytes
     */
    public long requestedBytes() {
        return requestedBytes;
    }

    /**
     * Returns what was left when it was asked for.
     *
     * @return bytes
     */
    public long availableBytes() {
        return availableBytes;
    }
}
