/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import org.slf4j.Logger;

/** Writes the progress of slow passes to the log, at most a line a second. */
final class ProgressLog implements PassProgress {

    private static final long LINE_NANOS = 1_000_000_000L;

    private final Logger log;
    private long lastNanos = System.nanoTime();

    ProgressLog(Logger log) {
        this.log = log;
    }

    @Override
    public synchronized void advanced(int done, int total) {
        long now = System.nanoTime();
        if (now - lastNanos >= LINE_NANOS) {
            lastNanos = now;
            log.info("pass: {} of {} groups", done, total);
        }
    }
}
