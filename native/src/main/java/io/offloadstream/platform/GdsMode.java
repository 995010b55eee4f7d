/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

/** How bytes of a file reach the memory of a device when GPUDirect Storage is asked for. */
public enum GdsMode {
    /**
     * The storage writes to the device's memory, past the memory of the host. Said only when
     * something proves it, see {@link GdsStatus}.
     */
    DIRECT,
    /** cuFile reads into host memory and copies from there, or nothing proves that it does not. */
    COMPAT,
    /** cuFile does not serve; files are read by other means. */
    UNAVAILABLE;

    /** Returns how statistics call it: {@code direct}, {@code compat}, {@code unavailable}. */
    @Override
    public String toString() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
