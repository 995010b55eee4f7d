/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.stream.CopyQueue.Origin;
import io.offloadstream.stream.StagingRing.Chunk;

/** From disk into a pinned chunk, and from there to the slot: the reader enqueues the upload. */
final class StagedRoute implements PieceRoute {

    private final StagingRing chunks;
    private final CopyQueue copies;

    StagedRoute(StagingRing chunks, CopyQueue copies) {
        this.chunks = chunks;
        this.copies = copies;
    }

    /** Puts a piece into a chunk. */
    @FunctionalInterface
    private interface Fill {
        void into(long address);
    }

    @Override
    public void carry(Work work, PieceReads reads) {
        carry(work, Origin.DISK, address -> reads.read(work, address));
    }

    /** Likewise, from host memory that is not pinned. */
    void carryFrom(Work work, long source, Origin origin) {
        int length = work.piece().needed();
        carry(
                work,
                origin,
                address -> HostMemory.view(address, length).put(HostMemory.view(source, length)));
    }

    private void carry(Work work, Origin origin, Fill fill) {
        Chunk chunk = chunks.take();
        try {
            fill.into(chunk.memory().address());
            long source = chunk.memory().address();
            chunk.copied(copies.enqueue(work, source, DeviceStream::upload, origin));
        } finally {
            chunks.giveBack(chunk);
        }
    }
}
