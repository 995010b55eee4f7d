/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.plan;

/**
 * A typed index of a tensor within its group, stated once when a block is built. {@link #NONE}
 * stands for a tensor that this configuration does not have (a bias that is off).
 *
 * @param index position in the group, -1 for none
 */
public record WeightRef(int index) {

    /** A tensor that is not there. */
    public static final WeightRef NONE = new WeightRef(-1);

    /**
     * Tells whether the tensor is there.
     *
     * @return false for {@link #NONE}
     */
    public boolean isPresent() {
        return index >= 0;
    }
}
