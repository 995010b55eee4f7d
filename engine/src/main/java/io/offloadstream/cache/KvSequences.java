/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.cache;

import io.offloadstream.ops.KvPlacement;
import io.offloadstream.ops.KvView;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The keys and values of a batch of sequences that advance together: their pages, the page table
 * and the mask as kernels read them. Not thread-safe.
 */
public final class KvSequences implements AutoCloseable {

    private final KvPagePool pool;
    private final KvLayout layout;
    private final int batch;
    private final int maxSlots;
    private final int maxPages;
    private final HostMemory tables;
    private final List<List<HostMemory>> pages = new ArrayList<>();
    private boolean masked;

    /**
     * Opens empty sequences.
     *
     * @param budget what the tables are charged to
     * @param pool where pages come from
     * @param batch sequences
     * @param maxSlots most slots in a sequence
     */
    public KvSequences(MemoryBudget budget, KvPagePool pool, int batch, int maxSlots) {
        this.pool = pool;
        this.layout = pool.layout();
        this.batch = batch;
        this.maxSlots = maxSlots;
        this.maxPages = KvLayout.pages(maxSlots);
        this.tables = HostMemory.allocate(budget, "KV tables", tableBytes(batch, maxSlots));
        for (int i = 0; i < batch; i++) {
            pages.add(new ArrayList<>());
        }
    }

    /**
     * Returns the size of the tables of a batch.
     *
     * @param batch sequences
     * @param maxSlots most slots in a sequence
     * @return bytes
     */
    public static long tableBytes(int batch, int maxSlots) {
        return 8L * batch * KvLayout.pages(maxSlots) + (long) batch * maxSlots;
    }

    /**
     * Makes room for slots, in all sequences or in none.
     *
     * @param slots length that each sequence will have
     */
    public void grow(int slots) {
        int missing = KvLayout.pages(slots) - pages.get(0).size();
        if (missing <= 0) {
            return;
        }
        List<HostMemory> taken = pool.take(missing * batch);
        for (int sequence = 0; sequence < batch; sequence++) {
            List<HostMemory> own = pages.get(sequence);
            for (int i = 0; i < missing; i++) {
                HostMemory page = taken.get(sequence * missing + i);
                long entry = (long) sequence * maxPages + own.size();
                tables.buffer(8 * entry, 8).putLong(0, page.address());
                own.add(page);
            }
        }
    }

    /**
     * Sets which slots count.
     *
     * @param slots row length of mask
     * @param mask (batch, slots) of 0 and 1; null if all count
     */
    public void setMask(int slots, byte[] mask) {
        masked = mask != null;
        for (int sequence = 0; masked && sequence < batch; sequence++) {
            ByteBuffer row = tables.buffer(maskOffset() + (long) sequence * maxSlots, slots);
            row.put(mask, sequence * slots, slots);
        }
    }

    private long maskOffset() {
        return 8L * batch * maxPages;
    }

    /**
     * Returns where a slot's keys go in layer 0, head 0.
     *
     * @param sequence its sequence
     * @param slot its slot
     * @return an address
     */
    public long target(int sequence, int slot) {
        HostMemory page = pages.get(sequence).get(slot / KvLayout.PAGE_TOKENS);
        return page.address() + slot % KvLayout.PAGE_TOKENS * layout.headBytes();
    }

    /**
     * Returns a layer as kernels see it.
     *
     * @param layer from 0
     * @return the view, valid until sequences grow
     */
    public KvView view(int layer) {
        return new KvView(
                0,
                KvPlacement.DEVICE,
                tables.address(),
                maxPages,
                layout.layerOffsetBytes(layer),
                layout.valueOffsetBytes(),
                KvLayout.PAGE_TOKENS,
                layout.heads(),
                layout.headDim(),
                layout.type(),
                masked ? tables.address() + maskOffset() : 0,
                maxSlots);
    }

    /** Gives all pages back; the sequences are empty. */
    public void clear() {
        for (List<HostMemory> own : pages) {
            pool.giveBack(own);
            own.clear();
        }
        masked = false;
    }

    /** Gives pages and tables back. */
    @Override
    public void close() {
        clear();
        tables.close();
    }
}
