/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.cache.KvLayout;
import io.offloadstream.ops.KvPlacement;

/**
 * Where the KV cache of a model is, and how much of it.
 *
 * @param placement where pages are
 * @param maxSequenceLength the longest sequence
 * @param isReserved whether all pages are taken when the model opens
 */
record KvChoice(KvPlacement placement, int maxSequenceLength, boolean isReserved) {

    /** Pages for some sequences at their full length. */
    int pages(int sequences) {
        return Math.multiplyExact(KvLayout.pages(maxSequenceLength), sequences);
    }

    /** Pages that a plan leaves room for: all if they are reserved, else the first ones. */
    int plannedPages(int sequences) {
        return isReserved ? pages(sequences) : sequences;
    }
}
