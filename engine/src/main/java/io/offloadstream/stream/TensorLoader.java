/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.plan.GroupExtents;
import io.offloadstream.plan.WeightGroup;
import io.offloadstream.plan.WeightGroup.Access;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import java.util.List;

/** Reads single tensors into memory of their own, on behalf of the calling thread. */
final class TensorLoader {

    private final Pipeline pipeline;
    private final WeightFiles files;
    private final ComputeMemory home;
    private final int readers;
    private final int blockBytes;

    TensorLoader(
            Pipeline pipeline, WeightFiles files, ComputeMemory home, int readers, int blockBytes) {
        this.pipeline = pipeline;
        this.files = files;
        this.home = home;
        this.readers = readers;
        this.blockBytes = blockBytes;
    }

    /** Where a tensor starts in memory that {@link #load} returned. */
    long offsetInMemory(TensorEntry entry) {
        return extents(entry).tensorOffset(0);
    }

    private GroupExtents extents(TensorEntry entry) {
        WeightGroup alone = new WeightGroup(0, entry.name(), Access.STATIC, List.of(entry));
        return GroupExtents.of(alone, blockBytes);
    }

    /**
     * Reads a tensor.
     *
     * @return the memory, for the caller to close
     */
    HostMemory load(MemoryBudget charged, TensorEntry entry) {
        GroupExtents extents = extents(entry);
        HostMemory memory = HostMemory.allocate(charged, entry.name(), extents.slotBytes());
        Slot slot = new Slot(home, memory, entry.name());
        boolean complete = false;
        try {
            files.checkUnchanged();
            Piece[] pieces = Piece.cut(extents, files, readers, blockBytes);
            pipeline.lock.lock();
            try {
                pipeline.readNow(slot, pieces);
            } finally {
                pipeline.lock.unlock();
            }
            complete = true;
            return memory;
        } finally {
            if (!complete) {
                memory.close();
            }
        }
    }
}
