/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.cache.KvLayout;
import io.offloadstream.cache.KvSequences;
import io.offloadstream.ops.KvView;
import io.offloadstream.ops.MeasuringOps;
import io.offloadstream.ops.Ops;
import io.offloadstream.ops.Phase;
import io.offloadstream.ops.RowMap;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.DType;

/**
 * Copies keys and values between the paged cache and dense arrays (batch, kvHeads, slots, headDim)
 * float32, as DJL's CausalLMOutput has them.
 */
final class KvTransfer {

    /** How many rows are copied at a time: what every model has a row map for. */
    private static final int STEP_ROWS = RequestSizes.LEAST_ROWS;

    private final RequestMemory memory;
    private final Ops ops;
    private final KvSequences kv;
    private final KvLayout layout;

    /**
     * Prepares transfers.
     *
     * @param memory lends its operators, scratch and row map
     */
    KvTransfer(RequestMemory memory, KvSequences kv, KvLayout layout) {
        this.memory = memory;
        // nothing is summed here, so either phase does
        this.ops = memory.ops(Phase.DECODE);
        this.kv = kv;
        this.layout = layout;
    }

    /** Runs a step on operators that only count. */
    static void measure(MeasuringOps ops, KvView cache, int headDim) {
        RowMap rows = new RowMap(STEP_ROWS, 0, 0, 0);
        Tensor dense = new Tensor(DType.F32, 0, STEP_ROWS, headDim);
        KvView head = oneHead(cache, 0, headDim);
        copyHeadIn(ops, ops::allocate, dense, dense, head, rows);
        ops.reset();
        copyHeadOut(ops, ops::allocate, dense, dense, head, rows);
    }

    /** What gives scratch memory. */
    private interface Scratch {

        Tensor allocate(DType type, long... shape);
    }

    private static void copyHeadIn(
            Ops ops, Scratch scratch, Tensor keys, Tensor values, KvView head, RowMap rows) {
        Tensor key = scratch.allocate(DType.F32, keys.rows(), keys.columns());
        Tensor value = scratch.allocate(DType.F32, keys.rows(), keys.columns());
        ops.input(keys, key);
        ops.input(values, value);
        ops.storeKv(key, value, head, rows);
    }

    private static void copyHeadOut(
            Ops ops, Scratch scratch, Tensor keys, Tensor values, KvView head, RowMap rows) {
        Tensor key = scratch.allocate(DType.F32, keys.rows(), keys.columns());
        Tensor value = scratch.allocate(DType.F32, keys.rows(), keys.columns());
        ops.loadKv(head, rows, key, value);
        ops.output(key, keys);
        ops.output(value, values);
    }

    void copyIn(int layer, int batch, int slots, long keys, long values) {
        copy(layer, batch, slots, keys, values, KvTransfer::copyHeadIn);
    }

    void copyOut(int layer, int batch, int slots, long keys, long values) {
        copy(layer, batch, slots, keys, values, KvTransfer::copyHeadOut);
    }

    /** Copies some rows of one head. */
    private interface HeadCopy {

        void run(Ops ops, Scratch scratch, Tensor keys, Tensor values, KvView head, RowMap rows);
    }

    private void copy(int layer, int batch, int slots, long keys, long values, HeadCopy headCopy) {
        kv.publish();
        KvView view = kv.view(layer);
        for (int sequence = 0; sequence < batch; sequence++) {
            for (int from = 0; from < slots; from += STEP_ROWS) {
                int to = Math.min(slots, from + STEP_ROWS);
                RowMap rows = place(sequence, from, to);
                for (int head = 0; head < layout.heads(); head++) {
                    long row = ((long) sequence * layout.heads() + head) * slots + from;
                    memory.workspace().reset();
                    headCopy.run(
                            ops,
                            memory.workspace()::allocate,
                            dense(keys, row, to - from),
                            dense(values, row, to - from),
                            oneHead(view, head * layout.headStrideBytes(), layout.headDim()),
                            rows);
                }
                // the row map is written again next
                memory.synchronize();
            }
        }
    }

    private RowMap place(int sequence, int from, int to) {
        PassBuffers buffers = memory.buffers();
        for (int slot = from; slot < to; slot++) {
            buffers.setRow(slot - from, sequence, slot, kv.target(sequence, slot));
        }
        buffers.publish(to - from);
        return buffers.map(to - from);
    }

    private Tensor dense(long address, long row, int count) {
        return new Tensor(DType.F32, address + 4 * row * layout.headDim(), count, layout.headDim());
    }

    /** The cache seen as if it had this head only. */
    private static KvView oneHead(KvView all, long headOffsetBytes, int headDim) {
        return new KvView(
                all.base(),
                all.placement(),
                all.pages(),
                all.maxPages(),
                all.layerOffsetBytes() + headOffsetBytes,
                all.valueOffsetBytes(),
                all.pageTokens(),
                1,
                headDim,
                all.type(),
                all.mask(),
                all.maskStride(),
                all.hostPages(),
                all.hostMask());
    }
}
