/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.ops;

import io.offloadstream.platform.DType;

/**
 * How much scratch memory a tensor takes: the one rule that workspaces allocate by and {@link
 * MeasuringOps} measures by.
 */
public final class ScratchSize {

    /** What every allocation starts at a multiple of: a cache line, and the widest vector. */
    public static final int ALIGNMENT_BYTES = 64;

    /** How many row addresses one call of a kernel takes. More rows take several calls. */
    public static final int ADDRESS_SLOTS = 512;

    /** What each workspace keeps for row addresses, before its first allocation. */
    public static final long FIXED_BYTES = 8L * ADDRESS_SLOTS;

    private ScratchSize() {}

    /**
     * Returns what a tensor takes from a workspace.
     *
     * @param type element type
     * @param shape dimensions, outermost first
     * @return bytes, a multiple of {@link #ALIGNMENT_BYTES}
     * @throws ArithmeticException if it is more than a long holds
     */
    public static long of(DType type, long... shape) {
        long sizeBytes = type.bytes(type.blockElements());
        for (long dimension : shape) {
            sizeBytes = Math.multiplyExact(sizeBytes, dimension);
        }
        return Math.addExact(sizeBytes, ALIGNMENT_BYTES - 1) & -ALIGNMENT_BYTES;
    }
}
