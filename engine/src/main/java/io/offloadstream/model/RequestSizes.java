/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.cache.KvLayout;
import io.offloadstream.device.Backend;
import io.offloadstream.model.ScratchMeasure.Scratch;
import io.offloadstream.ops.KvPlacement;
import io.offloadstream.platform.HostMemory;
import java.util.HashMap;
import java.util.Map;

/**
 * How many rows a pass and a chunk take, and what memory that is: counted once for a model and what
 * computes. Immutable.
 */
final class RequestSizes {

    /**
     * How many rows a block takes at a time, the most first. Scratch memory grows with it; results
     * do not depend on it. The last is what the least budget is counted with.
     */
    private static final int[] CHUNK_ROWS = {2048, 1024, 512, 256, 128, 64, 32, 16, 8};

    /** What every model has scratch memory for, and the least budget is counted with. */
    static final int LEAST_ROWS = 8;

    /** The most rows of a chunk on the CPU: more do not fit its caches. A device wants more. */
    private static final int MOST_HOST_ROWS = 256;

    /** How many rows the head takes at a time at most: each has a large result. */
    static final int HEAD_ROWS = 256;

    /**
     * A prompt's scratch memory and hidden state are each worth at most this share of the budget.
     */
    static final int PROMPT_SHARE = 16;

    private final Decoder decoder;
    private final Backend backend;
    private final KvLayout kvLayout;
    private final long budgetBytes;
    private final int maxBatch;
    private final int mostChunkRows;
    private final long rowBytes;
    private final Map<Integer, Scratch> scratch = new HashMap<>();

    /**
     * Measures.
     *
     * @param decoder the model
     * @param groups its groups
     * @param backend what will compute
     * @param kvLayout of the cache
     * @param kv where the cache is, and how long sequences get
     * @param budgetBytes of the memory that kernels compute in
     * @param maxBatch sequences
     */
    RequestSizes(
            Decoder decoder,
            ModelGroups groups,
            Backend backend,
            KvLayout kvLayout,
            KvChoice kv,
            long budgetBytes,
            int maxBatch) {
        this.decoder = decoder;
        this.backend = backend;
        this.kvLayout = kvLayout;
        this.budgetBytes = budgetBytes;
        this.maxBatch = maxBatch;
        this.rowBytes = groups.longestRowBytes();
        this.mostChunkRows = backend.computesInHostMemory() ? MOST_HOST_ROWS : CHUNK_ROWS[0];
        KvPlacement placement = kv.placement();
        int maxPages = KvLayout.pages(kv.maxSequenceLength());
        for (int rows : CHUNK_ROWS) {
            if (rows <= mostChunkRows) {
                ScratchMeasure measure =
                        new ScratchMeasure(
                                decoder,
                                groups,
                                kvLayout,
                                placement,
                                maxPages,
                                backend.scratchRules());
                scratch.put(rows, measure.of(rows));
            }
        }
    }

    /** Rows that are always provided for in a pass: a chunk, or one token of each sequence. */
    int passRows() {
        return Math.max(LEAST_ROWS, maxBatch);
    }

    /** The most rows that one pass takes if there is memory for them. */
    int mostPassRows() {
        long one = hiddenBytes(1) + tableBytes(1);
        return (int) Math.min(Integer.MAX_VALUE, budgetBytes / PROMPT_SHARE / one);
    }

    /**
     * Rows that a block takes at a time in a pass.
     *
     * @param passRows rows of the pass
     * @param availableBytes what the budget has left, for scratch and the pass's buffers
     */
    int chunkRows(int passRows, long availableBytes) {
        long limit = Math.min(budgetBytes / PROMPT_SHARE, availableBytes - rowsBytes(passRows));
        for (int rows : CHUNK_ROWS) {
            if (rows <= mostChunkRows
                    && rows / 2 < passRows
                    && backend.chargedBytes(scratchBytes(rows)) <= limit) {
                return rows;
            }
        }
        return LEAST_ROWS;
    }

    /** What the buffers of a pass are charged where kernels compute. */
    private long rowsBytes(int passRows) {
        return backend.chargedBytes(hiddenBytes(passRows))
                + backend.chargedBytes(tableBytes(passRows));
    }

    /** Scratch memory of a block for a number of rows that {@link #chunkRows} returned. */
    long scratchBytes(int chunkRows) {
        return scratch.get(chunkRows).bytes();
    }

    /** Pinned memory of a block for a number of rows that {@link #chunkRows} returned, or 0. */
    long attentionBytes(int chunkRows) {
        return scratch.get(chunkRows).hostBytes();
    }

    /** What that is charged to the host's budget. */
    long attentionChargedBytes(int chunkRows) {
        long bytes = attentionBytes(chunkRows);
        return bytes == 0 ? 0 : HostMemory.chargedBytes(bytes);
    }

    /** Size of the hidden state. */
    long hiddenBytes(int rows) {
        return PassBuffers.hiddenBytes(rows, decoder.hiddenSize());
    }

    /** Size of the positions and rotations. */
    long tableBytes(int rows) {
        return PassBuffers.tableBytes(rows, decoder.rope().orElse(null));
    }

    /** Size of the longest row that is gathered, as it is stored. */
    long rowBytes() {
        return rowBytes;
    }

    KvLayout kvLayout() {
        return kvLayout;
    }

    /**
     * What {@link RequestMemory} may take for a prompt of one chunk, of what kernels compute in: it
     * should not have to push resident groups out.
     */
    long promptBytes() {
        long share = budgetBytes / PROMPT_SHARE;
        int rows = mostChunkRows;
        return Math.min(2 * share, backend.chargedBytes(scratchBytes(rows)) + rowsBytes(rows));
    }

    /** Likewise of the host, beside a device. */
    long promptHostBytes(long hostMemoryBytes) {
        long tables = HostMemory.chargedBytes(tableBytes(mostChunkRows));
        long attention = attentionChargedBytes(mostChunkRows);
        return Math.min(
                hostMemoryBytes / PROMPT_SHARE,
                tables + attention + backend.workspaceHostBytes(rowBytes));
    }
}
