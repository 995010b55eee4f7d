/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.cache;

import io.offloadstream.platform.DType;

/**
 * How keys and values lie in a page: for each layer keys (heads, PAGE_TOKENS, headDim), then values
 * likewise. A page holds PAGE_TOKENS slots of one sequence in all layers.
 *
 * @param layers blocks
 * @param heads key/value heads
 * @param headDim values in a head
 * @param type F32, F16 or BF16
 */
public record KvLayout(int layers, int heads, int headDim, DType type) {

    /**
     * Slots in a page. Attention runs its online softmax page by page, so this number is part of
     * the order of summation: changing it changes the last digits.
     */
    public static final int PAGE_TOKENS = 64;

    /**
     * Returns the size of one slot of one head.
     *
     * @return bytes
     */
    public long headBytes() {
        return (long) headDim * type.sizeBytes();
    }

    /**
     * Returns the distance of heads within a page.
     *
     * @return bytes
     */
    public long headStrideBytes() {
        return PAGE_TOKENS * headBytes();
    }

    /**
     * Returns the distance from keys to values of a layer.
     *
     * @return bytes
     */
    public long valueOffsetBytes() {
        return heads * headStrideBytes();
    }

    /**
     * Returns where a layer's keys start within a page.
     *
     * @param layer from 0
     * @return bytes
     */
    public long layerOffsetBytes(int layer) {
        return 2L * layer * valueOffsetBytes();
    }

    /**
     * Returns the size of a page.
     *
     * @return bytes
     */
    public long pageBytes() {
        return layerOffsetBytes(layers);
    }

    /**
     * Returns the size of a token's keys and values in all layers.
     *
     * @return bytes, of which a page has PAGE_TOKENS times as many
     */
    public long tokenBytes() {
        return pageBytes() / PAGE_TOKENS;
    }

    /**
     * Returns how many pages hold a sequence.
     *
     * @param slots length of the sequence
     * @return pages
     */
    public static int pages(int slots) {
        return (int) ((slots - 1L + PAGE_TOKENS) / PAGE_TOKENS);
    }
}
