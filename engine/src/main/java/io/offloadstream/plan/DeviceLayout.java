/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.plan;

import io.offloadstream.checkpoint.TensorEntry;

/**
 * A group in the memory of a device: its tensors one behind another in the order of the group, each
 * on the boundary that vector loads want. What lies between them in the file is left out.
 * Immutable.
 */
final class DeviceLayout implements SlotLayout {

    /** What allocations of a device start at a multiple of, and so every tensor. */
    static final int ALIGNMENT_BYTES = 256;

    private final long[] offsets;
    private final long slotBytes;

    DeviceLayout(WeightGroup group) {
        offsets = new long[group.tensors().size()];
        long end = 0;
        for (int i = 0; i < offsets.length; i++) {
            TensorEntry entry = group.tensors().get(i);
            offsets[i] = end;
            end = GroupExtents.roundUp(Math.addExact(end, entry.sizeBytes()), ALIGNMENT_BYTES);
        }
        slotBytes = Math.max(ALIGNMENT_BYTES, end);
    }

    @Override
    public long tensorOffset(int tensor) {
        return offsets[tensor];
    }

    @Override
    public long slotBytes() {
        return slotBytes;
    }
}
