/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import io.offloadstream.ops.AttentionSpec;
import io.offloadstream.ops.KvPlacement;
import io.offloadstream.ops.KvView;
import io.offloadstream.ops.Phase;
import io.offloadstream.ops.RowMap;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.gpu.GpuKernel;

/**
 * Launches attention: for a decode step split over the context, for many rows in tiles of rows.
 * Where the cache is on the host, its pages come over the bus a tile at a time ({@link HostPages});
 * the kernels go on from tile to tile where they left off, so that the bits are the same.
 */
final class GpuAttention {

    /** Most parts that the context of a row is split into, as in {@code attention_split.cl}. */
    static final int MOST_SPLITS = 64;

    /** What {@code attention.h} is written for. */
    private static final int PAGE_TOKENS = 64;

    private static final int MOST_HEAD_DIM = 256;

    /** Query heads that one group of threads takes in a split, and its threads. */
    private static final int SPLIT_HEADS = 8;

    private static final int SPLIT_THREADS = 128;

    /** Rows times query heads that one group of threads takes in a tile. */
    private static final int TILE_ITEMS = 32;

    private static final int COMBINE_THREADS = 64;

    private final KernelSet kernels;
    private final DeviceStream compute;
    private final DeviceStream transfer;
    private final Phase phase;

    /**
     * Prepares launches.
     *
     * @param transfer stream that pages are copied in
     */
    GpuAttention(KernelSet kernels, DeviceStream compute, DeviceStream transfer, Phase phase) {
        this.kernels = kernels;
        this.compute = compute;
        this.transfer = transfer;
        this.phase = phase;
    }

    /** Operands of one call, or of some of its rows. */
    private record Call(
            Tensor query,
            KvView cache,
            RowMap rows,
            AttentionSpec spec,
            long state,
            long sums,
            Tensor y) {

        /** Rows [begin, end), their splits likewise. */
        Call rows(int begin, int end, Phase phase) {
            long items = (long) begin * spec.heads();
            long parts = phase == Phase.DECODE ? items * MOST_SPLITS : items;
            return new Call(
                    query.rows(begin, end),
                    cache,
                    rows.rows(begin, end),
                    spec,
                    state + 8 * parts,
                    sums + 4 * parts * cache.headDim(),
                    y.rows(begin, end));
        }
    }

    /** Pages that a launch covers, and where they are. */
    record Span(long base, long pages, int begin, int end, boolean isFirst, boolean isLast) {}

    void attend(
            Tensor query, KvView cache, RowMap rows, AttentionSpec spec, Tensor scratch, Tensor y) {
        check(cache, rows);
        long state = scratch.address();
        long sums = state + 8L * rows.count() * spec.heads() * MOST_SPLITS;
        Call call = new Call(query, cache, rows, spec, state, sums, y);
        if (cache.placement() == KvPlacement.DEVICE) {
            launch(call, new Span(cache.base(), cache.pages(), 0, cache.maxPages(), true, true));
        } else {
            long tiles = state + GpuScratch.stateBytes(rows.count(), spec, cache);
            attendHostPages(call, tiles);
        }
        if (phase == Phase.DECODE) {
            combine(call);
        }
    }

    private void check(KvView cache, RowMap rows) {
        if (cache.pageTokens() != PAGE_TOKENS || cache.headDim() > MOST_HEAD_DIM) {
            throw new IllegalArgumentException(
                    "attention: pages have "
                            + PAGE_TOKENS
                            + " slots and heads at most "
                            + MOST_HEAD_DIM
                            + " values on this device, these have "
                            + cache.pageTokens()
                            + " and "
                            + cache.headDim());
        }
        if (phase == Phase.DECODE && rows.count() > Phase.MOST_DECODE_ROWS) {
            throw new IllegalArgumentException(
                    "attention: a decode step has at most "
                            + Phase.MOST_DECODE_ROWS
                            + " rows, this one has "
                            + rows.count());
        }
    }

    /** Consecutive rows of one sequence share the pages that are brought. */
    private void attendHostPages(Call call, long tiles) {
        try (HostPages pages = new HostPages(call.cache(), compute, transfer, tiles)) {
            RowMap rows = call.rows();
            int begin = 0;
            while (begin < rows.count()) {
                int sequence = rows.host().sequences().get(begin);
                int end = begin;
                int firstPage = Integer.MAX_VALUE;
                int lastPage = 0;
                while (end < rows.count() && rows.host().sequences().get(end) == sequence) {
                    int slot = rows.host().slots().get(end);
                    firstPage = Math.min(firstPage, firstSlot(slot, call.spec()) / PAGE_TOKENS);
                    lastPage = Math.max(lastPage, slot / PAGE_TOKENS);
                    end++;
                }
                Call part = call.rows(begin, end, phase);
                pages.forEachTile(sequence, firstPage, lastPage, span -> launch(part, span));
                begin = end;
            }
        }
    }

    private static int firstSlot(int slot, AttentionSpec spec) {
        return spec.window() > 0 ? Math.max(0, slot - spec.window() + 1) : 0;
    }

    private void launch(Call call, Span span) {
        if (phase == Phase.DECODE) {
            launchSplits(call, span);
        } else {
            launchRows(call, span);
        }
    }

    private void launchSplits(Call call, Span span) {
        KvView cache = call.cache();
        int group = call.spec().heads() / cache.kvHeads();
        int blocks = (group + SPLIT_HEADS - 1) / SPLIT_HEADS;
        operands("attention_split", "attend_split", call, span)
                .buffer(call.sums())
                .buffer(call.state())
                .int32(call.spec().heads())
                .int32(cache.kvHeads())
                .int32(cache.headDim())
                .int32(cache.type().code())
                .int32(call.spec().window())
                .float32(call.spec().scale())
                .int32(cache.maxPages())
                .int64(layerOffset(call, span))
                .int64(valueOffset(call, span))
                .int64(cache.maskStride())
                .int32(span.begin())
                .int32(span.end())
                .launch(
                        compute,
                        splits(call),
                        cache.kvHeads() * blocks,
                        call.rows().count(),
                        SPLIT_THREADS);
    }

    /**
     * As many as the longest context has; groups that a shorter one has no split for end at once.
     */
    private static int splits(Call call) {
        int pages = call.cache().maxPages();
        if (call.rows().host() != null) {
            pages = 1;
            for (int row = 0; row < call.rows().count(); row++) {
                int slot = call.rows().host().slots().get(row);
                int first = firstSlot(slot, call.spec()) / PAGE_TOKENS;
                pages = Math.max(pages, slot / PAGE_TOKENS - first + 1);
            }
        }
        return Math.min(MOST_SPLITS, pages);
    }

    private void launchRows(Call call, Span span) {
        KvView cache = call.cache();
        boolean whole = span.isFirst() && span.isLast();
        long items = (long) call.rows().count() * (call.spec().heads() / cache.kvHeads());
        operands("attention_rows", "attend_rows", call, span)
                .buffer(call.y().address())
                .buffer(whole ? 0 : call.state())
                .int32(call.rows().count())
                .int32(call.spec().heads())
                .int32(cache.kvHeads())
                .int32(cache.headDim())
                .int32(cache.type().code())
                .int32(call.spec().window())
                .float32(call.spec().scale())
                .int32(cache.maxPages())
                .int64(layerOffset(call, span))
                .int64(valueOffset(call, span))
                .int64(cache.maskStride())
                .int32(span.begin())
                .int32(span.end())
                .int32(span.isFirst() ? 1 : 0)
                .int32(span.isLast() ? 1 : 0)
                .launch(
                        compute,
                        Math.toIntExact((items + TILE_ITEMS - 1) / TILE_ITEMS),
                        cache.kvHeads(),
                        1,
                        KernelSet.THREADS);
    }

    /** The arguments that both kernels begin with. */
    private GpuKernel operands(String module, String kernel, Call call, Span span) {
        return kernels.get(module, kernel)
                .buffer(call.query().address())
                .buffer(span.base())
                .buffer(span.pages())
                .buffer(call.rows().sequences())
                .buffer(call.rows().slots())
                .buffer(call.cache().mask());
    }

    /** A tile has one layer alone, keys and values one behind another. */
    private static long layerOffset(Call call, Span span) {
        return span.pages() == 0 ? 0 : call.cache().layerOffsetBytes();
    }

    private static long valueOffset(Call call, Span span) {
        return span.pages() == 0
                ? GpuScratch.pageBytes(call.cache()) / 2
                : call.cache().valueOffsetBytes();
    }

    private void combine(Call call) {
        kernels.get("attention_split", "combine_splits")
                .buffer(call.sums())
                .buffer(call.state())
                .buffer(call.rows().slots())
                .buffer(call.y().address())
                .int32(call.spec().heads())
                .int32(call.cache().headDim())
                .int32(call.spec().window())
                .launch(compute, call.spec().heads(), call.rows().count(), 1, COMBINE_THREADS);
    }
}
