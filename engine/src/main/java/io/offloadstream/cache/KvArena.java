/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.cache;

import io.offloadstream.device.Backend;
import io.offloadstream.ops.KvPlacement;
import io.offloadstream.platform.BudgetExceededException;
import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.MemoryBudget;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Pages on a device, all reserved when the model opens: kernels reach them as offsets from one
 * address, and a device gives no memory while a pass runs.
 */
public final class KvArena extends KvPages {

    private final DeviceBuffer memory;
    private final int pageCount;
    private final Deque<KvPage> free = new ArrayDeque<>();

    /**
     * Reserves pages.
     *
     * @param backend the device
     * @param device budget that they are charged to
     * @param layout of a page
     * @param pageCount how many
     */
    public KvArena(Backend backend, MemoryBudget device, KvLayout layout, int pageCount) {
        super(layout, KvPlacement.DEVICE);
        this.pageCount = pageCount;
        this.memory = backend.allocate(device, "KV cache", sizeBytes(layout, pageCount));
        for (int i = pageCount - 1; i >= 0; i--) {
            free.push(new KvPage(i * layout.pageBytes(), null));
        }
    }

    /**
     * Returns the size of an arena: what {@link Backend#chargedBytes} is asked about.
     *
     * @param layout of a page
     * @param pageCount how many
     * @return bytes
     */
    public static long sizeBytes(KvLayout layout, int pageCount) {
        return Math.multiplyExact(layout.pageBytes(), (long) pageCount);
    }

    @Override
    long base() {
        return memory.address();
    }

    @Override
    synchronized List<KvPage> take(int count) {
        if (count > free.size()) {
            throw new BudgetExceededException(
                    "KV cache: "
                            + count
                            + " more pages of "
                            + KvLayout.PAGE_TOKENS
                            + " tokens, "
                            + free.size()
                            + " left of "
                            + pageCount
                            + " on the device; close other sessions, raise maxBatch or"
                            + " maxSequenceLength, or set kvCachePlacement=host",
                    sizeBytes(layout(), count),
                    sizeBytes(layout(), free.size()));
        }
        List<KvPage> pages = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            pages.add(free.pop());
        }
        return pages;
    }

    @Override
    synchronized void giveBack(List<KvPage> pages) {
        pages.forEach(free::push);
    }

    /** Frees the arena. */
    @Override
    public void close() {
        memory.close();
    }
}
