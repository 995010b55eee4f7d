/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.plan;

import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.platform.PackedBf16;
import java.util.List;

/**
 * Tensors that travel together: a block or a part of one, a part of the head, the embedding.
 * Immutable.
 *
 * <p>A group may be a part of a whole: it is read, kept and given up by itself, while a pass leases
 * all parts of a whole together. They are consecutive groups, and a tensor is in one of them.
 *
 * @param index its place in the model's list of groups
 * @param name for tables and messages: {@code layer.17}, {@code head.0}
 * @param access how a pass uses it
 * @param tensors its tensors, in the order of its layout
 * @param partOf what it is a part of, indexed as the first part; null if it is no part
 */
public record WeightGroup(
        int index, String name, Access access, List<TensorEntry> tensors, WeightGroup partOf) {

    /** How a pass uses a group. */
    public enum Access {
        /** Small and always needed (the final norm): read once, resident under every plan. */
        STATIC,
        /** Needed whole, once in a pass, in order: resident where the budget allows. */
        STREAMED,
        /** Only some rows are needed (an input table): resident last, otherwise read row by row. */
        GATHERED,
        /**
         * Small, and needed to read rows of GATHERED groups (escapes of packed tables): read once,
         * resident in host memory under every plan.
         */
        INDEX
    }

    /** Makes the list of tensors immutable. */
    public WeightGroup {
        tensors = List.copyOf(tensors);
    }

    /**
     * Constructs a group that is no part of another.
     *
     * @param index its place in the model's list of groups
     * @param name for tables and messages
     * @param access how a pass uses it
     * @param tensors its tensors, in the order of its layout
     */
    public WeightGroup(int index, String name, Access access, List<TensorEntry> tensors) {
        this(index, name, access, tensors, null);
    }

    /**
     * Returns what a pass leases.
     *
     * @return the group that this is a part of, or this
     */
    public WeightGroup whole() {
        return partOf == null ? this : partOf;
    }

    /**
     * Finds the escapes of a losslessly packed tensor.
     *
     * @param tensor its place in the group
     * @return the place of its escapes, -1 if they are not in this group
     */
    public int escapesOf(int tensor) {
        return escapesOf(tensors.get(tensor).name());
    }

    /**
     * Finds the escapes of a losslessly packed tensor of any group.
     *
     * @param name of the packed tensor
     * @return the place of its escapes, -1 if they are not in this group
     */
    public int escapesOf(String name) {
        int length = name.length();
        for (int i = 0; i < tensors.size(); i++) {
            // once for each weight of a pass: no name is put together for it
            String other = tensors.get(i).name();
            if (other.length() == length + PackedBf16.SUFFIX.length()
                    && other.startsWith(name)
                    && other.endsWith(PackedBf16.SUFFIX)) {
                return i;
            }
        }
        return -1;
    }

    /**
     * Returns the size of its tensors as stored.
     *
     * @return bytes
     */
    public long sizeBytes() {
        return tensors.stream().mapToLong(TensorEntry::sizeBytes).sum();
    }
}
