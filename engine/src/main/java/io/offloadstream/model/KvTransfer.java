/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.cache.KvLayout;
import io.offloadstream.cache.KvSequences;
import io.offloadstream.ops.KvView;
import io.offloadstream.ops.Ops;
import io.offloadstream.ops.RowMap;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.DType;

/**
 * Copies keys and values between the paged cache and dense arrays (batch, kvHeads, slots, headDim)
 * float32, as DJL's CausalLMOutput has them.
 */
final class KvTransfer {

    private final Ops ops;
    private final KvSequences kv;
    private final KvLayout layout;
    private final PassBuffers buffers;

    /**
     * Prepares transfers.
     *
     * @param memory lends its operators and row map
     */
    KvTransfer(RequestMemory memory, KvSequences kv, KvLayout layout) {
        this.ops = memory.ops();
        this.buffers = memory.buffers();
        this.kv = kv;
        this.layout = layout;
    }

    void copyIn(int layer, int batch, int slots, long keys, long values) {
        for (int sequence = 0; sequence < batch; sequence++) {
            for (int from = 0; from < slots; from += buffers.rows()) {
                int to = Math.min(slots, from + buffers.rows());
                for (int slot = from; slot < to; slot++) {
                    buffers.setRow(slot - from, sequence, slot, kv.target(sequence, slot));
                }
                RowMap rows = buffers.map(to - from);
                for (int head = 0; head < layout.heads(); head++) {
                    long row = ((long) sequence * layout.heads() + head) * slots + from;
                    ops.storeKv(
                            dense(keys, row, to - from),
                            dense(values, row, to - from),
                            oneHead(layer, head),
                            rows);
                }
            }
        }
    }

    void copyOut(int layer, int batch, int slots, long keys, long values) {
        for (int sequence = 0; sequence < batch; sequence++) {
            for (int from = 0; from < slots; from += buffers.rows()) {
                int to = Math.min(slots, from + buffers.rows());
                for (int head = 0; head < layout.heads(); head++) {
                    long row = ((long) sequence * layout.heads() + head) * slots + from;
                    long keyOffset =
                            layout.layerOffsetBytes(layer) + head * layout.headStrideBytes();
                    gather(sequence, from, to, keyOffset, dense(keys, row, to - from));
                    gather(
                            sequence,
                            from,
                            to,
                            keyOffset + layout.valueOffsetBytes(),
                            dense(values, row, to - from));
                }
            }
        }
    }

    private void gather(int sequence, int from, int to, long offsetBytes, Tensor target) {
        long[] addresses = new long[to - from];
        for (int slot = from; slot < to; slot++) {
            addresses[slot - from] = kv.target(sequence, slot) + offsetBytes;
        }
        ops.gather(addresses, layout.type(), target);
    }

    private Tensor dense(long address, long row, int count) {
        return new Tensor(DType.F32, address + 4 * row * layout.headDim(), count, layout.headDim());
    }

    /** The cache seen as if it had this head only. */
    private KvView oneHead(int layer, int head) {
        KvView all = kv.view(layer);
        return new KvView(
                all.base(),
                all.placement(),
                all.pages(),
                all.maxPages(),
                all.layerOffsetBytes() + head * layout.headStrideBytes(),
                all.valueOffsetBytes(),
                all.pageTokens(),
                1,
                all.headDim(),
                all.type(),
                all.mask(),
                all.maskStride());
    }
}
