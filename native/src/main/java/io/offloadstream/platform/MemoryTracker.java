/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import java.lang.ref.Cleaner;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds memory that was lost rather than closed: with the system property {@code
 * offloadstream.trackMemory=true}, every range that becomes garbage while open is logged with the
 * place that allocated it. It stays allocated and charged: the log is for mending the code.
 */
final class MemoryTracker {

    private static final Logger LOG = LoggerFactory.getLogger(MemoryTracker.class);
    private static final AtomicLong LOST = new AtomicLong();

    private MemoryTracker() {}

    /**
     * Starts to watch a range, if tracking is on.
     *
     * @param owner the object that must be closed
     * @param closed what its close sets; must not refer to the owner
     * @param purpose for the log
     * @param sizeBytes for the log
     */
    static void watch(Object owner, AtomicBoolean closed, String purpose, long sizeBytes) {
        if (!Boolean.getBoolean("offloadstream.trackMemory")) {
            return;
        }
        Throwable site = new Throwable("allocated here");
        CleanerHolder.CLEANER.register(
                owner,
                () -> {
                    if (!closed.get()) {
                        LOST.incrementAndGet();
                        LOG.error("{} bytes for {} were never closed", sizeBytes, purpose, site);
                    }
                });
    }

    /**
     * Returns how many ranges were found lost.
     *
     * @return a count since the JVM started
     */
    static long lost() {
        return LOST.get();
    }

    /** Starts the cleaner's thread only where tracking is on. */
    private static final class CleanerHolder {

        static final Cleaner CLEANER = Cleaner.create();
    }
}
