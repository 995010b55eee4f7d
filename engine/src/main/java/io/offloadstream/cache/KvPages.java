/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.cache;

import io.offloadstream.ops.KvPlacement;
import java.util.List;

/** The pages of all sessions of a model. Thread-safe. */
public abstract class KvPages implements AutoCloseable {

    private final KvLayout layout;
    private final KvPlacement placement;

    /** Constructs the base of a kind of pages. */
    KvPages(KvLayout layout, KvPlacement placement) {
        this.layout = layout;
        this.placement = placement;
    }

    /**
     * Returns the layout.
     *
     * @return of every page
     */
    public KvLayout layout() {
        return layout;
    }

    /**
     * Returns where the pages are.
     *
     * @return in the memory that kernels compute in, or not
     */
    public KvPlacement placement() {
        return placement;
    }

    /** What the starts of pages count from: an address, or 0 where they are addresses. */
    abstract long base();

    /**
     * Takes pages: all or none.
     *
     * @param count how many
     * @return the pages, contents undefined
     * @throws io.offloadstream.platform.BudgetExceededException if there are no more
     */
    abstract List<KvPage> take(int count);

    /**
     * Gives pages back.
     *
     * @param pages from {@link #take}
     */
    abstract void giveBack(List<KvPage> pages);

    /** Frees the pages that no session holds; sessions are closed before. */
    @Override
    public abstract void close();
}
