/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device;

import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.DType;

/**
 * Scratch memory of one block: a bump allocator that is reset when the block has ended, so that
 * results live until then and the hot path allocates nothing.
 */
public interface Workspace extends AutoCloseable {

    /**
     * Takes memory until the next {@link #reset}.
     *
     * @param type element type
     * @param shape dimensions, outermost first
     * @return contents undefined, aligned to 64 bytes
     * @throws IllegalStateException if the workspace is full: it was measured too small, a bug
     */
    Tensor allocate(DType type, long... shape);

    /** Gives all of it back at once. Tensors taken before are invalid. */
    void reset();

    /** Frees the memory. */
    @Override
    void close();
}
