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
import io.offloadstream.platform.PackedBf16;
import io.offloadstream.platform.WorkerPool;
import io.offloadstream.quant.CastRows;
import io.offloadstream.quant.LosslessEncoder;
import io.offloadstream.quant.LosslessPacker;
import io.offloadstream.quant.Packing;
import io.offloadstream.quant.PlainEncoder;
import io.offloadstream.quant.Quantization;
import io.offloadstream.quant.RowEncoder;
import io.offloadstream.quant.SourceFiles;
import io.offloadstream.quant.TensorEncoder;
import io.offloadstream.quant.TensorRows;
import io.offloadstream.quant.TensorSink;
import java.io.IOException;

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

    /**
     * Writes a tensor, with its escapes if it stays losslessly packed.
     *
     * @param item of a group
     * @param sink takes what comes of it
     * @throws IOException if reading or writing fails
     */
    void encode(Item item, TensorSink sink) throws IOException {
        encoder(item).encode(rows(item), sink);
        if (staysPacked(item)) {
            new PlainEncoder()
                    .encode(
                            files.elements(item.escapes()),
                            (none, type, shape) -> sink.begin(PackedBf16.SUFFIX, type, shape));
        }
    }

    /**
     * Returns how much a tensor may take.
     *
     * @param item of a group
     * @return bytes, an upper bound
     */
    long mostBytes(Item item) {
        long escapesBytes = staysPacked(item) ? item.escapes().sizeBytes() : 0;
        return encoder(item).mostBytes(rows(item)) + escapesBytes;
    }

    /** The rows that the encoder of a tensor takes: along the input where it makes blocks. */
    private TensorRows rows(Item item) {
        if (item.use() == Use.ELEMENTS) {
            return files.elements(item.entry());
        }
        if (isAsStored(item)) {
            return files.rows(item.entry());
        }
        if (item.isPacked()) {
            return files.unpacked(item.entry(), item.escapes());
        }
        boolean exchange = item.use() == Use.INPUT_MAJOR && isQuantized(item);
        TensorRows rows = exchange ? files.transposed(item.entry()) : files.rows(item.entry());
        boolean cast = packs(item) && item.elementType() != DType.BF16;
        return cast ? new CastRows(rows, DType.BF16) : rows;
    }

    private TensorEncoder encoder(Item item) {
        if (item.use() == Use.ELEMENTS || isAsStored(item)) {
            return new PlainEncoder();
        }
        requireComputable(item);
        if (isQuantized(item)) {
            return RowEncoder.to(options.quantization().type().orElseThrow(), pool);
        }
        if (packs(item)) {
            return new LosslessEncoder();
        }
        boolean same = options.type() == null || options.type() == item.elementType();
        return same ? new PlainEncoder() : RowEncoder.to(options.type(), pool);
    }

    /** Tells whether a matrix of blocks is copied byte by byte, for no other type is asked for. */
    private boolean isAsStored(Item item) {
        boolean changes = options.type() != null || options.quantization() != Quantization.NONE;
        return !changes && !item.entry().type().isComputable();
    }

    /** Tells whether a matrix is copied with its escapes. */
    private boolean staysPacked(Item item) {
        return item.isPacked() && isAsStored(item);
    }

    /** What was quantised lacks digits; what is packed has them all, but (in, out) none can be. */
    private static void requireComputable(Item item) {
        boolean unpacks = item.isPacked() && item.use() == Use.ROWS;
        if (!unpacks && !item.entry().type().isComputable()) {
            throw new CheckpointException(
                    item.entry()
                            + " is quantised or packed already; take the original checkpoint, or"
                            + " leave its type as it is");
        }
    }

    /**
     * Tells whether blocks are made of a matrix.
     *
     * @throws CheckpointException if it is in blocks already
     */
    static boolean isQuantized(Item item, Quantization quantization) {
        boolean wanted = quantization != Quantization.NONE && item.use() != Use.ELEMENTS;
        if (wanted) {
            requireComputable(item);
        }
        return wanted && hasWholeBlocks(item, quantization);
    }

    /** Tells whether a matrix is packed if that makes it smaller; products (in, out) take none. */
    private boolean packs(Item item) {
        return options.packing() == Packing.LOSSLESS
                && item.use() == Use.ROWS
                && target(item) == DType.BF16
                && !isQuantized(item);
    }

    private boolean isQuantized(Item item) {
        return isQuantized(item, options.quantization());
    }

    /**
     * Tells whether a matrix stays unquantised, or is not packed, only because of its shape or
     * because it is stored (in, out).
     */
    boolean isKept(Item item) {
        if (item.use() == Use.ELEMENTS) {
            return false;
        }
        if (options.quantization() != Quantization.NONE) {
            return !hasWholeBlocks(item, options.quantization());
        }
        return options.packing() == Packing.LOSSLESS
                && target(item) == DType.BF16
                && (item.use() != Use.ROWS
                        || !LosslessPacker.takes(DType.BF16, item.entry().shape()));
    }

    private DType target(Item item) {
        return options.type() == null ? item.elementType() : options.type();
    }

    private static boolean hasWholeBlocks(Item item, Quantization quantization) {
        TensorEntry entry = item.entry();
        long[] shape = entry.shape();
        long in = item.use() == Use.INPUT_MAJOR ? shape[0] : shape[shape.length - 1];
        return in % quantization.type().orElseThrow().blockElements() == 0;
    }
}
