/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import io.offloadstream.ops.AttentionSpec;
import io.offloadstream.ops.KvPlacement;
import io.offloadstream.ops.KvView;
import io.offloadstream.ops.Phase;
import io.offloadstream.ops.ScratchRules;

/**
 * What operators take of the workspace beside their results. None of it depends on the context
 * length, all of it grows with the rows, so that what was measured for a chunk suffices for a
 * smaller one. Both phases take the same: a workspace serves either.
 */
final class GpuScratch implements ScratchRules {

    /**
     * How much of a layer's keys and values is copied at a time where they are on the host, unless
     * a page is larger: a copy of this size runs at the speed of the bus.
     */
    static final long TILE_BYTES = 4L << 20;

    /** Tiles that take turns: one is copied while another is attended to. */
    static final int TILES = 2;

    private static final long ALIGNMENT_BYTES = 256;

    private final boolean attendsOnHost;

    /**
     * Constructs the rules.
     *
     * @param attendsOnHost whether the host attends to a cache in its memory
     */
    GpuScratch(boolean attendsOnHost) {
        this.attendsOnHost = attendsOnHost;
    }

    private boolean attendsOnHost(KvView cache) {
        return attendsOnHost && cache.placement() == KvPlacement.HOST;
    }

    @Override
    public long attentionBytes(int rows, AttentionSpec spec, KvView cache) {
        if (attendsOnHost(cache)) {
            return 0;
        }
        long sizeBytes = stateBytes(rows, spec, cache);
        if (cache.placement() == KvPlacement.HOST) {
            sizeBytes += TILES * tileBytes(cache);
        }
        return sizeBytes;
    }

    @Override
    public long attentionHostBytes(int rows, AttentionSpec spec, KvView cache) {
        return attendsOnHost(cache) ? HostAttention.sizeBytes(rows, spec, cache) : 0;
    }

    /** What is kept of each row between splits or tiles. */
    static long stateBytes(int rows, AttentionSpec spec, KvView cache) {
        long splits = splitBytes(Math.min(rows, Phase.MOST_DECODE_ROWS), spec, cache);
        boolean tiled = cache.placement() == KvPlacement.HOST;
        return align(Math.max(splits, tiled ? 8L * rows * spec.heads() : 0));
    }

    /** Maximum and total of each split come first, then their sums. */
    private static long splitBytes(int rows, AttentionSpec spec, KvView cache) {
        return 4L * rows * spec.heads() * GpuAttention.MOST_SPLITS * (2 + cache.headDim());
    }

    static int tilePages(KvView cache) {
        return (int) Math.max(1, TILE_BYTES / pageBytes(cache));
    }

    static long tileBytes(KvView cache) {
        return align(tilePages(cache) * pageBytes(cache));
    }

    /** Keys and values of one layer in a page. */
    static long pageBytes(KvView cache) {
        return 2L * cache.kvHeads() * cache.pageTokens() * headBytes(cache);
    }

    /** One slot of one head. */
    static long headBytes(KvView cache) {
        return (long) cache.headDim() * cache.type().sizeBytes();
    }

    @Override
    public long cacheBytes(int rows, KvView cache) {
        return cache.placement() == KvPlacement.HOST
                ? 2L * rows * cache.kvHeads() * headBytes(cache)
                : 0;
    }

    @Override
    public long outputBytes(int rows, int columns) {
        return 4L * rows * columns;
    }

    @Override
    public long topBytes(int rows, int columns, int count) {
        return GpuTop.scratchBytes(rows, columns, count);
    }

    private static long align(long sizeBytes) {
        return (sizeBytes + ALIGNMENT_BYTES - 1) & -ALIGNMENT_BYTES;
    }
}
