/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.ops.Tensor;
import io.offloadstream.plan.WeightGroup;
import io.offloadstream.plan.WeightRef;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.PackedBf16;

/** A lease on a group in a slot. */
final class SlotLease implements GroupLease {

    private final WeightGroup group;
    private final long[] addresses;
    private Runnable release;

    /**
     * Constructs an open lease.
     *
     * @param group what is leased
     * @param addresses where each of its tensors starts
     * @param release run once, by the first close
     */
    SlotLease(WeightGroup group, long[] addresses, Runnable release) {
        this.group = group;
        this.addresses = addresses;
        this.release = release;
    }

    @Override
    public WeightGroup group() {
        return group;
    }

    @Override
    public Tensor get(WeightRef ref) {
        if (!ref.isPresent()) {
            return null;
        }
        if (release == null) {
            throw new IllegalStateException("the lease of " + group.name() + " is closed");
        }
        TensorEntry entry = group.tensors().get(ref.index());
        if (entry.type() != DType.BF16_PACKED) {
            return new Tensor(entry.type(), addresses[ref.index()], entry.shape());
        }
        int escapes = group.escapesOf(ref.index());
        if (escapes < 0) {
            throw noEscapes(entry.name());
        }
        return Tensor.packed(
                addresses[ref.index()],
                addresses[escapes],
                Math.toIntExact(entry.firstRow()),
                entry.shape());
    }

    /** Makes the exception for a packed tensor that came without its escapes. */
    static IllegalArgumentException noEscapes(String name) {
        return new IllegalArgumentException(
                name
                        + " is packed, but has no escapes beside it; a grouping puts "
                        + name
                        + PackedBf16.SUFFIX
                        + " into the same layer, or both into none");
    }

    boolean isOpen() {
        return release != null;
    }

    @Override
    public void close() {
        if (release != null) {
            Runnable once = release;
            release = null;
            once.run();
        }
    }
}
