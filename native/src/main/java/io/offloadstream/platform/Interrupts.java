/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

/** Waits that must end may swallow an interrupt; this puts it back for the caller to see. */
public final class Interrupts {

    private Interrupts() {}

    /** Sets the interrupt status of the calling thread. */
    @SuppressForbidden("restores the status of the calling thread, which is in no file read")
    public static void restore() {
        Thread.currentThread().interrupt();
    }
}
