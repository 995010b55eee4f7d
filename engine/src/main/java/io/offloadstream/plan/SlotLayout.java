/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.plan;

/** Where the tensors of a group lie in memory that kernels compute in. */
public interface SlotLayout {

    /**
     * Returns where a tensor lies in the slot.
     *
     * @param tensor its place in the group
     * @return bytes from the start of the slot
     */
    long tensorOffset(int tensor);

    /**
     * Returns how large a slot must be.
     *
     * @return bytes, more than 0
     */
    long slotBytes();
}
