/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.cpu;

import io.offloadstream.ops.AttentionSpec;
import io.offloadstream.ops.KvView;
import io.offloadstream.ops.RowMap;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.KernelProvider;
import io.offloadstream.platform.Kernels;
import io.offloadstream.platform.WorkerPool;

/** Attention over pages in host memory, split over the threads of a pool. */
public final class CpuAttention {

    private final Kernels kernels;
    private final WorkerPool pool;

    /**
     * Prepares for this machine's kernels.
     *
     * @param pool whose threads compute, owned by the caller
     */
    public CpuAttention(WorkerPool pool) {
        this(KernelProvider.kernels(), pool);
    }

    CpuAttention(Kernels kernels, WorkerPool pool) {
        this.kernels = kernels;
        this.pool = pool;
    }

    /**
     * Computes, and returns when it is done.
     *
     * @param query (rows, heads * headDim)
     * @param cache the layer's cache, its addresses the host's
     * @param rows which sequence and slot each row has, its addresses the host's
     * @param spec heads, scale, window
     * @param y (rows, heads * headDim), written; not the query
     */
    public void attend(Tensor query, KvView cache, RowMap rows, AttentionSpec spec, Tensor y) {
        // The kernel reads keys and values once for the heads that share them, and for some whole
        // rows: these stay together where there are enough of them for all threads.
        int group = spec.heads() / cache.kvHeads();
        pool.run(
                (long) rows.count() * spec.heads(),
                rows.count() > pool.threads() ? spec.heads() : group,
                (begin, end) ->
                        kernels.attention(
                                query.address(),
                                spec.heads(),
                                cache.kvHeads(),
                                cache.headDim(),
                                spec.scale(),
                                rows.sequences(),
                                rows.slots(),
                                cache.pages(),
                                cache.maxPages(),
                                cache.layerOffsetBytes(),
                                cache.valueOffsetBytes(),
                                cache.pageTokens(),
                                cache.type().code(),
                                cache.mask(),
                                cache.maskStride(),
                                spec.window(),
                                y.address(),
                                begin,
                                end));
    }
}
