/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.cache;

import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * The pages of all sessions of a model: all reserved when it opens (a sequence length was asked
 * for), or taken from the budget as sequences grow and given back as they end. Thread-safe.
 */
public final class KvPagePool implements AutoCloseable {

    private static final String PURPOSE = "KV cache";

    private final MemoryBudget budget;
    private final KvLayout layout;
    private final boolean reserved;
    private final int maxPages;
    private final Deque<HostMemory> free = new ArrayDeque<>();
    private int leasedPages;

    /**
     * Opens a pool.
     *
     * @param budget what pages are charged to
     * @param layout of a page
     * @param maxPages most pages in use at one time
     * @param reserved whether to take them all now
     */
    public KvPagePool(MemoryBudget budget, KvLayout layout, int maxPages, boolean reserved) {
        this.budget = budget;
        this.layout = layout;
        this.maxPages = maxPages;
        this.reserved = reserved;
        boolean opened = false;
        try {
            for (int i = 0; reserved && i < maxPages; i++) {
                free.push(HostMemory.allocate(budget, PURPOSE, layout.pageBytes()));
            }
            opened = true;
        } finally {
            if (!opened) {
                freeAll();
            }
        }
    }

    /**
     * Returns what a number of pages is charged.
     *
     * @param layout of a page
     * @param pages how many
     * @return bytes
     */
    public static long chargedBytes(KvLayout layout, int pages) {
        return pages * HostMemory.chargedBytes(layout.pageBytes());
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
     * Takes pages: all or none.
     *
     * @param count how many
     * @return the pages, contents undefined
     * @throws IllegalArgumentException if the sessions of the model together would have more than
     *     they may
     * @throws io.offloadstream.platform.BudgetExceededException if the budget does not hold them
     */
    public synchronized List<HostMemory> take(int count) {
        if (count > maxPages - leasedPages) {
            throw new IllegalArgumentException(
                    "the KV cache has "
                            + (maxPages - leasedPages)
                            + " of "
                            + maxPages
                            + " pages of "
                            + KvLayout.PAGE_TOKENS
                            + " tokens left, "
                            + count
                            + " more are needed; raise maxSequenceLength or maxBatch, or close"
                            + " other sessions");
        }
        List<HostMemory> pages = new ArrayList<>(count);
        boolean complete = false;
        try {
            while (pages.size() < count) {
                HostMemory page = free.poll();
                pages.add(
                        page != null
                                ? page
                                : HostMemory.allocate(budget, PURPOSE, layout.pageBytes()));
            }
            leasedPages += count;
            complete = true;
            return pages;
        } finally {
            if (!complete) {
                pages.forEach(this::release);
            }
        }
    }

    /**
     * Gives pages back.
     *
     * @param pages from {@link #take}
     */
    public synchronized void giveBack(List<HostMemory> pages) {
        leasedPages -= pages.size();
        pages.forEach(this::release);
    }

    private void release(HostMemory page) {
        if (reserved) {
            free.push(page);
        } else {
            page.close();
        }
    }

    private void freeAll() {
        free.forEach(HostMemory::close);
        free.clear();
    }

    /** Frees the pages that no session holds; sessions are closed before. */
    @Override
    public synchronized void close() {
        freeAll();
    }
}
