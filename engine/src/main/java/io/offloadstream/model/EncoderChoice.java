/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.checkpoint.CheckpointException;
import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.model.PackedGroups.Item;
import io.offloadstream.plan.GroupLayout.Use;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.WorkerPool;
import io.offloadstream.quant.PlainEncoder;
import io.offloadstream.quant.Quantization;
import io.offloadstream.quant.RowEncoder;
import io.offloadstream.quant.SourceFiles;
import io.offloadstream.quant.TensorEncoder;
import io.offloadstream.quant.TensorRows;

/** Which encoder each tensor of a conversion gets. */
final class EncoderChoice {

    private final ConversionOptions options;
    private final WorkerPool pool;
    private final SourceFiles files;

    EncoderChoice(ConversionOptions options, WorkerPool pool, SourceFiles files) {
        this.options = options;
        this.pool = pool;
        this.files = files;
    }

    /** The rows that the encoder of a tensor takes: along the input where it makes blocks. */
    TensorRows rows(Item item) {
        boolean exchange = item.use() == Use.INPUT_MAJOR && isQuantized(item);
        return exchange ? files.transposed(item.entry()) : files.rows(item.entry());
    }

    /** The encoder of a tensor. */
    TensorEncoder encoder(Item item) {
        DType type = item.entry().type();
        boolean changes = options.type() != null || options.quantization() != Quantization.NONE;
        if (item.use() == Use.ELEMENTS || !changes) {
            return new PlainEncoder();
        }
        if (!type.isComputable()) {
            throw new CheckpointException(
                    item.entry()
                            + " is quantised already; convert from the original checkpoint, or"
                            + " without another type");
        }
        if (isQuantized(item)) {
            return RowEncoder.to(options.quantization().type().orElseThrow(), pool);
        }
        boolean same = options.type() == null || options.type() == type;
        return same ? new PlainEncoder() : RowEncoder.to(options.type(), pool);
    }

    /** Tells whether blocks are made of a matrix. */
    private boolean isQuantized(Item item) {
        return options.quantization() != Quantization.NONE
                && item.use() != Use.ELEMENTS
                && hasWholeBlocks(item);
    }

    /** Tells whether a matrix keeps its type only because of its shape. */
    boolean isKept(Item item) {
        return options.quantization() != Quantization.NONE
                && item.use() != Use.ELEMENTS
                && !hasWholeBlocks(item);
    }

    private boolean hasWholeBlocks(Item item) {
        TensorEntry entry = item.entry();
        long[] shape = entry.shape();
        long in = item.use() == Use.INPUT_MAJOR ? shape[0] : shape[shape.length - 1];
        return in % options.quantization().type().orElseThrow().blockElements() == 0;
    }
}
