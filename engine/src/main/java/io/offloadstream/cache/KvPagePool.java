/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.cache;

import io.offloadstream.device.Backend;
import io.offloadstream.ops.KvPlacement;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.Owned;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Pages in host memory: some reserved when the model opens (a sequence length was asked for), the
 * others taken from the budget as sequences grow and given back as they end.
 */
public final class KvPagePool extends KvPages {

    private static final String PURPOSE = "KV cache";

    /** Gives the memory of a page. */
    private interface PageMemory {

        HostMemory allocate(long sizeBytes);
    }

    private final PageMemory source;
    private final int reservedPages;
    private final Deque<KvPage> free = new ArrayDeque<>();

    /** Pages that sessions hold, and free ones. */
    private int ownedPages;

    /**
     * Opens a pool for kernels that compute in host memory.
     *
     * @param budget what pages are charged to
     * @param layout of a page
     * @param reservedPages how many to take now, and keep
     */
    public KvPagePool(MemoryBudget budget, KvLayout layout, int reservedPages) {
        this(
                layout,
                KvPlacement.DEVICE,
                size -> HostMemory.allocate(budget, PURPOSE, size),
                reservedPages);
    }

    /**
     * Opens a pool of pinned pages for a device, which reads them over the bus.
     *
     * @param backend the device
     * @param host budget that pages are charged to
     * @param layout of a page
     * @param reservedPages how many to take now, and keep
     */
    public KvPagePool(Backend backend, MemoryBudget host, KvLayout layout, int reservedPages) {
        this(
                layout,
                KvPlacement.HOST,
                size -> backend.allocateHost(host, PURPOSE, size),
                reservedPages);
    }

    private KvPagePool(
            KvLayout layout, KvPlacement placement, PageMemory source, int reservedPages) {
        super(layout, placement);
        this.source = source;
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

    private KvPage newPage() {
        HostMemory page = source.allocate(layout().pageBytes());
        ownedPages++;
        return new KvPage(page.address(), page);
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

    @Override
    long base() {
        return 0;
    }

    @Override
    synchronized List<KvPage> take(int count) {
        List<KvPage> pages = new ArrayList<>(count);
        try {
            while (pages.size() < count) {
                KvPage page = free.poll();
                pages.add(page == null ? newPage() : page);
            }
            return pages;
        } finally {
            if (pages.size() < count) {
                giveBack(pages);
            }
        }
    }

    @Override
    synchronized void giveBack(List<KvPage> pages) {
        List<HostMemory> surplus = new ArrayList<>();
        for (KvPage page : pages) {
            if (ownedPages > reservedPages) {
                ownedPages--;
                surplus.add(page.memory());
            } else {
                free.push(page);
            }
        }
        Owned.closeAll(surplus);
    }

    @Override
    public synchronized void close() {
        ownedPages -= free.size();
        List<HostMemory> memory = free.stream().map(KvPage::memory).toList();
        free.clear();
        Owned.closeAll(memory);
    }
}
