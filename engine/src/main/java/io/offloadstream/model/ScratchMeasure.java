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

    private ScratchMeasure() {}

    static long bytes(Decoder decoder, KvLayout kv, int rows, ScratchRules rules) {
        Tensor hidden = new Tensor(DType.F32, 0, rows, decoder.hiddenSize());
        RopeTable rope =
                decoder.rope()
                        .map(
                                r -> {
                                    Tensor angles = new Tensor(DType.F32, 0, rows, r.halfDim());
                                    return new RopeTable(angles, angles, r.interleaved());
                                })
                        .orElse(null);
        KvView view =
                new KvView(
                        0,
                        KvPlacement.DEVICE,
                        0,
                        1,
                        0,
                        kv.valueOffsetBytes(),
                        KvLayout.PAGE_TOKENS,
                        kv.heads(),
                        kv.headDim(),
                        kv.type(),
                        0,
                        KvLayout.PAGE_TOKENS);
        LayerState state = new LayerState(new RowMap(rows, 0, 0, 0), view, rope);
        long most = 0;
        Set<Block> seen = new HashSet<>();
        for (int layer = 0; layer < decoder.blockCount(); layer++) {
            Block block = decoder.block(layer);
            if (seen.add(block)) {
                MeasuringOps ops = new MeasuringOps(rules);
                block.forward(ops, new ShapesOnly(block.layout()), hidden, state);
                most = Math.max(most, ops.peakBytes());
            }
        }
        MeasuringOps ops = new MeasuringOps(rules);
        decoder.finalNorm(ops, new ShapesOnly(decoder.finalLayout()), hidden);
        return Math.max(most, ops.peakBytes());
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
