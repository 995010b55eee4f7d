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
    private final Tensor[] tensors;
    private Runnable release;

    /**
     * Constructs an open lease.
     *
     * @param group what is leased
     * @param tensors where each of its tensors is, as {@link #tensors} makes them
     * @param release run once, by the first close
     */
    SlotLease(WeightGroup group, Tensor[] tensors, Runnable release) {
        this.group = group;
        this.tensors = tensors;
        this.release = release;
    }

    /**
     * The tensors of a whole, each in the slot of the part that has it; null for those that {@link
     * #get} refuses.
     */
    static Tensor[] tensors(WeightStream stream, WeightGroup whole, Slot[] slots) {
        if (slots.length == 1) {
            return inSlot(stream, slots[0]);
        }
        Tensor[] all = new Tensor[whole.tensors().size()];
        for (Slot slot : slots) {
            Tensor[] part = inSlot(stream, slot);
            for (int i = 0; i < part.length; i++) {
                all[stream.plan().wholes().placeInWhole(slot.group(), i)] = part[i];
            }
        }
        return all;
    }

    /** Where weights are does not change as long as they are there. */
    private static Tensor[] inSlot(WeightStream stream, Slot slot) {
        if (slot.tensors() == null) {
            slot.setTensors(tensors(stream, stream.plan().groups().get(slot.group()), slot));
        }
        return slot.tensors();
    }

    private static Tensor[] tensors(WeightStream stream, WeightGroup group, Slot slot) {
        Tensor[] tensors = new Tensor[group.tensors().size()];
        for (int i = 0; i < tensors.length; i++) {
            if (group.tensors().get(i).isTypeKnown()) {
                tensors[i] = tensor(stream, group, i, slot);
            }
        }
        return tensors;
    }

    private static Tensor tensor(WeightStream stream, WeightGroup group, int index, Slot slot) {
        TensorEntry entry = group.tensors().get(index);
        long address = stream.address(group, index, slot);
        if (entry.type() != DType.BF16_PACKED) {
            return new Tensor(entry.type(), address, entry.shape());
        }
        int escapes = group.escapesOf(index);
        return escapes < 0
                ? null
                : Tensor.packed(
                        address,
                        stream.address(group, escapes, slot),
                        Math.toIntExact(entry.firstRow()),
                        entry.shape());
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
        Tensor tensor = tensors[ref.index()];
        if (tensor == null) {
            TensorEntry entry = group.tensors().get(ref.index());
            entry.type(); // throws if that is not known
            throw noEscapes(entry.name());
        }
        return tensor;
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
