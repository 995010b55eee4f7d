/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

/**
 * The mode that GPUDirect Storage is in, and what it is known by.
 *
 * @param mode the mode
 * @param reason one line for the user: what proves {@link GdsMode#DIRECT}, what keeps it from being
 *     that otherwise
 */
public record GdsStatus(GdsMode mode, String reason) {

    /** Says both in one line. */
    @Override
    public String toString() {
        return mode + ": " + reason;
    }
}
