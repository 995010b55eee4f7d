/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.cache.KvLayout;
import io.offloadstream.ops.KvPlacement;
import io.offloadstream.ops.KvView;
import io.offloadstream.ops.MeasuringOps;
import io.offloadstream.ops.RopeTable;
import io.offloadstream.ops.RowMap;
import io.offloadstream.ops.ScratchRules;
import io.offloadstream.ops.Tensor;
import io.offloadstream.plan.GroupLayout;
import io.offloadstream.plan.WeightGroup;
import io.offloadstream.plan.WeightRef;
import io.offloadstream.platform.DType;
import io.offloadstream.stream.GroupLease;
import java.util.HashSet;
import java.util.Set;

/**
 * Finds how much scratch memory a decoder's blocks need for a number of rows by running them on
 * operators that only count: exact for any architecture, nothing to be stated twice.
 */
final class ScratchMeasure {

    private final Decoder decoder;
    private final ModelGroups groups;
    private final KvLayout kv;
    private final KvPlacement placement;
    private final int maxPages;
    private final ScratchRules rules;

    /**
     * Prepares measurements.
     *
     * @param decoder the model
     * @param groups its groups
     * @param kv layout of the cache
     * @param placement where the cache is
     * @param maxPages of a sequence
     * @param rules of what will compute
     */
    ScratchMeasure(
            Decoder decoder,
            ModelGroups groups,
            KvLayout kv,
            KvPlacement placement,
            int maxPages,
            ScratchRules rules) {
        this.decoder = decoder;
        this.groups = groups;
        this.kv = kv;
        this.placement = placement;
        this.maxPages = maxPages;
        this.rules = rules;
    }

    /**
     * What a pass needs.
     *
     * @param bytes where kernels compute
     * @param hostBytes of pinned memory, for what the host attends to
     */
    record Scratch(long bytes, long hostBytes) {}

    /** Returns what a pass needs whose chunks have this many rows. */
    Scratch of(int rows) {
        Tensor hidden = new Tensor(DType.F32, 0, rows, decoder.hiddenSize());
        LayerState state = new LayerState(new RowMap(rows, 0, 0, 0), view(), rope(rows));
        MeasuringOps ops = new MeasuringOps(rules);
        Set<Block> seen = new HashSet<>();
        for (int layer = 0; layer < decoder.blockCount(); layer++) {
            Block block = decoder.block(layer);
            if (seen.add(block)) {
                ops.reset();
                block.forward(ops, new ShapesOnly(block.layout()), hidden, state);
            }
        }
        ops.reset();
        decoder.finalNorm(ops, new ShapesOnly(decoder.finalLayout()), hidden);
        measureHead(ops, rows);
        measureTransfer(ops);
        return new Scratch(ops.peakBytes(), ops.peakHostBytes());
    }

    private void measureHead(MeasuringOps ops, int rows) {
        int count = Math.min(rows, RequestSizes.HEAD_ROWS);
        long[] shape = groups.widestHeadShape();
        ops.reset();
        ops.linearInto(
                new Tensor(DType.F32, 0, count, decoder.hiddenSize()),
                new Tensor(DType.F32, 0, shape),
                new Tensor(DType.F32, 0, count, shape[0]),
                0);
        int few = Math.min(rows, BestLogits.STEP_ROWS);
        ops.reset();
        ops.top(
                ops.linear(
                        new Tensor(DType.F32, 0, few, decoder.hiddenSize()),
                        new Tensor(DType.F32, 0, shape),
                        null),
                0,
                new Tensor(DType.F32, 0, few, BestLogits.MOST),
                new Tensor(DType.I32, 0, few, BestLogits.MOST));
    }

    /** Embeddings of learned positions, and keys and values on their way in or out. */
    private void measureTransfer(MeasuringOps ops) {
        ops.reset();
        ops.allocate(DType.F32, RequestSizes.LEAST_ROWS, decoder.hiddenSize());
        ops.reset();
        KvTransfer.measure(ops, view(), kv.headDim());
    }

    private RopeTable rope(int rows) {
        return decoder.rope()
                .map(
                        r -> {
                            Tensor angles = new Tensor(DType.F32, 0, rows, r.halfDim());
                            return new RopeTable(angles, angles, r.interleaved());
                        })
                .orElse(null);
    }

    private KvView view() {
        return new KvView(
                0,
                placement,
                0,
                maxPages,
                0,
                kv.valueOffsetBytes(),
                KvLayout.PAGE_TOKENS,
                kv.heads(),
                kv.headDim(),
                kv.type(),
                0,
                (long) maxPages * KvLayout.PAGE_TOKENS);
    }

    /** A lease on nothing: tensors of the right shape at address 0. */
    private record ShapesOnly(GroupLayout layout) implements GroupLease {

        @Override
        public WeightGroup group() {
            throw new IllegalStateException("a measured block has no group");
        }

        @Override
        public Tensor get(WeightRef ref) {
            return ref.isPresent() ? new Tensor(DType.F32, 0, layout.shape(ref)) : null;
        }

        @Override
        public void close() {
            // holds nothing
        }
    }
}
