/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.ops.Tensor;
import io.offloadstream.plan.WeightGroup;
import io.offloadstream.plan.WeightRef;

/** A view of a group's weights in memory, valid until closed. */
public interface GroupLease extends AutoCloseable {

    /**
     * Returns the group.
     *
     * @return the group that is leased, as a whole where it is in parts
     */
    WeightGroup group();

    /**
     * Returns a tensor of the group.
     *
     * @param ref from the group's layout
     * @return the tensor in place, or null for {@link WeightRef#NONE}
     */
    Tensor get(WeightRef ref);

    /** Ends the lease: the slot may be read into again. Closing twice has no effect. */
    @Override
    void close();
}
