/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.ops.Ops;
import io.offloadstream.ops.Tensor;
import io.offloadstream.plan.GroupLayout;
import io.offloadstream.stream.GroupLease;

/** One kind of transformer block. Stateless; one object serves all layers that are alike. */
public interface Block {

    /**
     * Returns the tensors it reads.
     *
     * @return the layout, prefixes with {@code %d} for the layer
     */
    GroupLayout layout();

    /**
     * Runs the block.
     *
     * @param ops operators; what they return lives until the block ends
     * @param weights a lease on this layer's group
     * @param hidden (rows, hidden), updated in place
     * @param state positions and cache of these rows
     */
    void forward(Ops ops, GroupLease weights, Tensor hidden, LayerState state);
}
