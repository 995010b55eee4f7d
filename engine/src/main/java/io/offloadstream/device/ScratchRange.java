/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device;

import io.offloadstream.ops.ScratchSize;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.DeviceBuffer;
import java.util.Arrays;

/**
 * The bump allocator of every workspace: tensors one behind another in memory of the device, after
 * {@link ScratchSize#FIXED_BYTES} that stay over resets. Owns nothing.
 */
public final class ScratchRange {

    private final DeviceBuffer memory;
    private long usedBytes = ScratchSize.FIXED_BYTES;

    /**
     * Starts with nothing taken.
     *
     * @param memory of at least {@link #requireSize}
     */
    public ScratchRange(DeviceBuffer memory) {
        this.memory = memory;
    }

    /**
     * Checks a size before memory is taken.
     *
     * @param sizeBytes of the workspace
     * @throws IllegalArgumentException if it is less than {@link ScratchSize#FIXED_BYTES}
     */
    public static void requireSize(long sizeBytes) {
        if (sizeBytes < ScratchSize.FIXED_BYTES) {
            throw new IllegalArgumentException(
                    "a workspace of "
                            + sizeBytes
                            + " bytes is too small; the least is "
                            + ScratchSize.FIXED_BYTES);
        }
    }

    /**
     * Takes memory until the next {@link #reset}, as {@link Workspace#allocate} says.
     *
     * @param type element type
     * @param shape dimensions, outermost first
     * @return contents undefined
     */
    public Tensor allocate(DType type, long... shape) {
        long needed = ScratchSize.of(type, shape);
        if (needed > memory.sizeBytes() - usedBytes) {
            throw new IllegalStateException(
                    "workspace: "
                            + type
                            + Arrays.toString(shape)
                            + " needs "
                            + needed
                            + " bytes, "
                            + (memory.sizeBytes() - usedBytes)
                            + " left of "
                            + memory.sizeBytes()
                            + "; it was measured too small");
        }
        Tensor tensor = new Tensor(type, memory.address() + usedBytes, shape);
        usedBytes += needed;
        return tensor;
    }

    /**
     * Returns how much is taken.
     *
     * @return bytes, the fixed ones included
     */
    public long usedBytes() {
        return usedBytes;
    }

    /** Gives all but the fixed bytes back. */
    public void reset() {
        usedBytes = ScratchSize.FIXED_BYTES;
    }
}
