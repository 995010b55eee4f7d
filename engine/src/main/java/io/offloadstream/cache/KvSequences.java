/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.cache;

import io.offloadstream.device.Backend;
import io.offloadstream.device.Budgets;
import io.offloadstream.device.SharedTable;
import io.offloadstream.ops.KvView;
import io.offloadstream.platform.Owned;
import java.nio.ByteBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The keys and values of a batch of sequences that advance together: their pages, the page table
 * and the mask as kernels read them. Not thread-safe.
 */
public final class KvSequences implements AutoCloseable {

    private final KvPages pool;
    private final KvLayout layout;
    private final int batch;
    private final int maxSlots;
    private final int maxPages;
    private final SharedTable tables;
    private final LongBuffer hostPages;
    private final ByteBuffer hostMask;
    private final List<List<KvPage>> pages = new ArrayList<>();
    private boolean masked;

    /** Length of the rows of the mask that were written and not yet published. */
    private int maskedSlots;

    /**
     * Opens empty sequences.
     *
     * @param backend whose kernels read the tables
     * @param budgets what the tables are charged to
     * @param pool where pages come from
     * @param batch sequences
     * @param maxSlots most slots in a sequence
     */
    public KvSequences(Backend backend, Budgets budgets, KvPages pool, int batch, int maxSlots) {
        this.pool = pool;
        this.layout = pool.layout();
        this.batch = batch;
        this.maxSlots = maxSlots;
        this.maxPages = KvLayout.pages(maxSlots);
        this.tables =
                backend.newTable(
                        budgets.host(), budgets.device(), "KV tables", tableBytes(batch, maxSlots));
        this.hostPages =
                backend.computesInHostMemory()
                        ? null
                        : tables.buffer(0, Math.toIntExact(maskOffset())).asLongBuffer();
        this.hostMask =
                backend.computesInHostMemory()
                        ? null
                        : tables.buffer(maskOffset(), Math.multiplyExact(batch, maxSlots));
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
        List<KvPage> taken = pool.take(missing * batch);
        for (int sequence = 0; sequence < batch; sequence++) {
            List<KvPage> own = pages.get(sequence);
            for (int i = 0; i < missing; i++) {
                KvPage page = taken.get(sequence * missing + i);
                long entry = (long) sequence * maxPages + own.size();
                tables.buffer(8 * entry, 8).putLong(0, page.start());
                own.add(page);
            }
        }
    }

    /**
     * Gives back the pages that no slot needs.
     *
     * @param slots length that each sequence has
     */
    public void shrink(int slots) {
        int needed = KvLayout.pages(slots);
        List<AutoCloseable> steps = new ArrayList<>();
        for (List<KvPage> own : pages) {
            if (own.size() > needed) {
                List<KvPage> surplus = own.subList(needed, own.size());
                List<KvPage> returned = List.copyOf(surplus);
                surplus.clear();
                steps.add(() -> pool.giveBack(returned));
            }
        }
        Owned.closeAll(steps);
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
        maskedSlots = masked ? slots : 0;
    }

    /**
     * Makes pages and mask visible to kernels that are enqueued from now on. They must not change
     * before the compute stream is synchronized.
     */
    public void publish() {
        // in every pass: whether the last upload arrived is known only when its pass has ended well
        tables.publish(0, maskOffset());
        if (maskedSlots > 0) {
            tables.publish(maskOffset(), (batch - 1L) * maxSlots + maskedSlots);
            maskedSlots = 0;
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
     * @return where, from {@link KvView#base}
     */
    public long target(int sequence, int slot) {
        KvPage page = pages.get(sequence).get(slot / KvLayout.PAGE_TOKENS);
        return page.start() + slot % KvLayout.PAGE_TOKENS * layout.headBytes();
    }

    /**
     * Returns a layer as kernels see it.
     *
     * @param layer from 0
     * @return the view, valid until sequences grow
     */
    public KvView view(int layer) {
        return new KvView(
                pool.base(),
                pool.placement(),
                tables.address(),
                maxPages,
                layout.layerOffsetBytes(layer),
                layout.valueOffsetBytes(),
                KvLayout.PAGE_TOKENS,
                layout.heads(),
                layout.headDim(),
                layout.type(),
                masked ? tables.address() + maskOffset() : 0,
                maxSlots,
                hostPages,
                masked ? hostMask : null);
    }

    /** Gives all pages back; the sequences are empty. */
    public void clear() {
        masked = false;
        shrink(0);
    }

    /** Gives pages and tables back. */
    @Override
    public void close() {
        Owned.closeAll(this::clear, tables);
    }
}
