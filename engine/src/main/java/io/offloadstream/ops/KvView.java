/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.ops;

import io.offloadstream.platform.DType;
import io.offloadstream.platform.HostMemory;
import java.nio.ByteBuffer;
import java.nio.LongBuffer;

/**
 * One layer of a paged key/value cache, as kernels see it. A page holds, for each layer, keys
 * (kvHeads, pageTokens, headDim) and behind them values likewise.
 *
 * @param base address of the device that pages and {@link RowMap#targets} count from: 0 where they
 *     are addresses themselves
 * @param placement where the pages are
 * @param pages address of (sequences, maxPages) int64, where each page starts, from base
 * @param maxPages row length of pages
 * @param layerOffsetBytes where this layer's keys start within a page
 * @param valueOffsetBytes from keys to values
 * @param pageTokens slots in a page
 * @param kvHeads key/value heads
 * @param headDim values in a head
 * @param type F32, F16 or BF16
 * @param mask address of (sequences, maskStride) bytes, 0 if every slot counts
 * @param maskStride row length of mask
 * @param hostPages (sequences, maxPages) what pages holds, as the host sees it: host addresses
 *     where the placement is {@link KvPlacement#HOST}; null where the host computes
 * @param hostMask (sequences, maskStride) what mask holds, as the host sees it; null where the host
 *     computes, or every slot counts
 */
public record KvView(
        long base,
        KvPlacement placement,
        long pages,
        int maxPages,
        long layerOffsetBytes,
        long valueOffsetBytes,
        int pageTokens,
        int kvHeads,
        int headDim,
        DType type,
        long mask,
        long maskStride,
        LongBuffer hostPages,
        ByteBuffer hostMask) {

    /**
     * Constructs a view for kernels that need no host copy of the page table.
     *
     * @param base address that pages and targets count from
     * @param placement where the pages are
     * @param pages address of (sequences, maxPages) int64
     * @param maxPages row length of pages
     * @param layerOffsetBytes where this layer's keys start within a page
     * @param valueOffsetBytes from keys to values
     * @param pageTokens slots in a page
     * @param kvHeads key/value heads
     * @param headDim values in a head
     * @param type F32, F16 or BF16
     * @param mask address of (sequences, maskStride) bytes, 0 if every slot counts
     * @param maskStride row length of mask
     */
    public KvView(
            long base,
            KvPlacement placement,
            long pages,
            int maxPages,
            long layerOffsetBytes,
            long valueOffsetBytes,
            int pageTokens,
            int kvHeads,
            int headDim,
            DType type,
            long mask,
            long maskStride) {
        this(
                base,
                placement,
                pages,
                maxPages,
                layerOffsetBytes,
                valueOffsetBytes,
                pageTokens,
                kvHeads,
                headDim,
                type,
                mask,
                maskStride,
                null,
                null);
    }

    /**
     * Returns the view for kernels of the host.
     *
     * @return the same layer, its addresses the host's
     * @throws IllegalStateException if the pages are not in host memory
     */
    public KvView onHost() {
        if (placement != KvPlacement.HOST || hostPages == null) {
            throw new IllegalStateException("these pages are not in host memory: " + placement);
        }
        return new KvView(
                0,
                placement,
                HostMemory.addressOf(hostPages),
                maxPages,
                layerOffsetBytes,
                valueOffsetBytes,
                pageTokens,
                kvHeads,
                headDim,
                type,
                hostMask == null ? 0 : HostMemory.addressOf(hostMask),
                maskStride);
    }
}
