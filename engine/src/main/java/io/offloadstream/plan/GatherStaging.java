/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.plan;

import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.platform.HostMemory;
import java.util.List;

/** How much memory the rows of one gather take: each row widened to whole blocks. */
public final class GatherStaging {

    private GatherStaging() {}

    /**
     * Returns what one row may take.
     *
     * @param rowBytes its size
     * @param blockBytes what offsets and lengths of reads are multiples of
     * @return bytes, a multiple of the block: a row that starts at the end of one
     */
    public static long rowSpanBytes(long rowBytes, int blockBytes) {
        return GroupExtents.roundUp(blockBytes - 1 + rowBytes, blockBytes);
    }

    /**
     * Returns the size of a table's row.
     *
     * @param table a tensor with rows
     * @return bytes
     */
    public static long rowBytes(TensorEntry table) {
        return table.sizeBytes() / Math.max(1, table.shape()[0]);
    }

    /**
     * Returns what staging the rows of the widest table takes.
     *
     * @param gathered the groups that are gathered from
     * @param rows how many rows a gather takes
     * @param blockBytes what offsets and lengths of reads are multiples of
     * @return bytes, 0 if nothing is gathered
     */
    public static long sizeBytes(List<WeightGroup> gathered, int rows, int blockBytes) {
        long widest = 0;
        for (WeightGroup group : gathered) {
            for (TensorEntry table : group.tensors()) {
                widest = Math.max(widest, rowBytes(table));
            }
        }
        if (widest == 0 || rows == 0) {
            return 0;
        }
        long size = Math.multiplyExact(rowSpanBytes(widest, blockBytes), rows);
        return blockBytes == 1 ? size : GroupExtents.roundUp(size, HostMemory.ALIGNMENT_BYTES);
    }
}
