/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import java.util.concurrent.atomic.AtomicBoolean;

/** Bytes taken from a {@link MemoryBudget} until closed. Closing twice has no effect. */
public final class Reservation implements AutoCloseable {

    private final MemoryBudget budget;
    private final String purpose;
    private final long sizeBytes;
    private final AtomicBoolean closed = new AtomicBoolean();

    Reservation(MemoryBudget budget, String purpose, long sizeBytes) {
        this.budget = budget;
        this.purpose = purpose;
        this.sizeBytes = sizeBytes;
    }

    /**
     * Returns how much is reserved.
     *
     * @return bytes
     */
    public long sizeBytes() {
        return sizeBytes;
    }

    /** Gives the bytes back. */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            budget.release(purpose, sizeBytes);
        }
    }
}
