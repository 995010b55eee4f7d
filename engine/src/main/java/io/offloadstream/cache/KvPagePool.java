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
 * The pages of all sessions of a model: some reserved when it opens (a sequence length was asked
 * for), the others taken from the budget as sequences grow and given back as they end. Thread-safe.
 */
public final class KvPagePool implements AutoCloseable {

    private static final String PURPOSE = "KV cache";

    private final MemoryBudget budget;
    private final KvLayout layout;
    private final int reservedPages;
    private final Deque<HostMemory> free = new ArrayDeque<>();

    /** Pages that sessions hold, and free ones. */
    private int ownedPages;

    /**
     * Opens a pool.
     *
     * @param budget what pages are charged to
     * @param layout of a page
     * @param reservedPages how many to take now, and keep
     */
    public KvPagePool(MemoryBudget budget, KvLayout layout, int reservedPages) {
        this.budget = budget;
        this.layout = layout;
        this.reservedPages = reservedPages;
        boolean opened = false;
        try {
            while (ownedPages < reservedPages) {
                free.push(newPage());
            }
            opened = true;
        } finally {
            if (!opened) {
                close();
            }
        }
    }

    private HostMemory newPage() {
        HostMemory page = HostMemory.allocate(budget, PURPOSE, layout.pageBytes());
        ownedPages++;
        return page;
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
     * @throws io.offloadstream.platform.BudgetExceededException if none are free and the budget
     *     does not hold more
     */
    public synchronized List<HostMemory> take(int count) {
        List<HostMemory> pages = new ArrayList<>(count);
        try {
            while (pages.size() < count) {
                HostMemory page = free.poll();
                pages.add(page == null ? newPage() : page);
            }
            return pages;
        } finally {
            if (pages.size() < count) {
                giveBack(pages);
            }
        }
    }

    /**
     * Gives pages back.
     *
     * @param pages from {@link #take}
     */
    public synchronized void giveBack(List<HostMemory> pages) {
        for (HostMemory page : pages) {
            if (ownedPages > reservedPages) {
                ownedPages--;
                page.close();
            } else {
                free.push(page);
            }
        }
    }

    /** Frees the pages that no session holds; sessions are closed before. */
    @Override
    public synchronized void close() {
        ownedPages -= free.size();
        free.forEach(HostMemory::close);
        free.clear();
    }
}
