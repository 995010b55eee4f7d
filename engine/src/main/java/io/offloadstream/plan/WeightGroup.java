/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.plan;

import io.offloadstream.checkpoint.TensorEntry;
import java.util.List;

/**
 * Tensors that travel together: a block, a part of the head, the embedding. Immutable.
 *
 * @param index its place in the model's list of groups
 * @param name for tables and messages: {@code layer.17}, {@code head.0}
 * @param access how a pass uses it
 * @param tensors its tensors, in the order of its layout
 */
public record WeightGroup(int index, String name, Access access, List<TensorEntry> tensors) {

    /** How a pass uses a group. */
    public enum Access {
        /** Small and always needed (the final norm): read once, resident under every plan. */
        STATIC,
        /** Needed whole, once in a pass, in order: resident where the budget allows. */
        STREAMED,
        /** Only some rows are needed (an input table): resident last, otherwise read row by row. */
        GATHERED
    }

    /** Makes the list of tensors immutable. */
    public WeightGroup {
        tensors = List.copyOf(tensors);
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
