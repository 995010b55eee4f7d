/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.ops;

/**
 * Scratch memory that a backend's operators take beside their results. {@link CheckedOps} allocates
 * it, so that {@link MeasuringOps} counts it. What a backend does not say takes none.
 */
public interface ScratchRules {

    /** A backend that takes none. */
    ScratchRules NONE = new ScratchRules() {};

    /**
     * Returns what attention takes: partial results of splits of the context, pages of a cache that
     * is kept on the host.
     *
     * @param rows of the query
     * @param spec heads
     * @param cache pages, head size, placement
     * @return bytes
     */
    default long attentionBytes(int rows, AttentionSpec spec, KvView cache) {
        return 0;
    }

    /**
     * Returns what attention takes of pinned host memory: queries and results of a cache that the
     * host attends to.
     *
     * @param rows of the query
     * @param spec heads
     * @param cache head size, placement
     * @return bytes, 0 where the device computes it
     */
    default long attentionHostBytes(int rows, AttentionSpec spec, KvView cache) {
        return 0;
    }

    /**
     * Returns what activations take that are brought into another type for products. Operators take
     * it once for all products of the same activations within one operator; it is measured whatever
     * the weights are.
     *
     * @param rows of the activations
     * @param columns values in a row
     * @return bytes
     */
    default long activationBytes(int rows, int columns) {
        return 0;
    }

    /**
     * Returns what storing keys and values, or loading them back, takes: the rows on their way
     * between the device and a cache that is kept on the host.
     *
     * @param rows stored or loaded
     * @param cache heads, placement
     * @return bytes
     */
    default long cacheBytes(int rows, KvView cache) {
        return 0;
    }

    /**
     * Returns what a result takes on its way to host memory.
     *
     * @param rows of the result
     * @param columns float32 values in a row
     * @return bytes
     */
    default long outputBytes(int rows, int columns) {
        return 0;
    }

    /**
     * Returns what finding the largest values takes: those of parts of the rows.
     *
     * @param rows looked through
     * @param columns values in a row
     * @param count how many are wanted of each row
     * @return bytes
     */
    default long topBytes(int rows, int columns, int count) {
        return 0;
    }
}
