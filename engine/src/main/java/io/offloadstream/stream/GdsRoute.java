/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.device.Backend;
import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.DeviceFile;
import io.offloadstream.platform.DeviceStorage;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.GdsStatus;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.Owned;
import io.offloadstream.stream.CopyQueue.Origin;
import io.offloadstream.stream.StagingRing.Chunk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * From disk into a chunk on the device, and from there to the slot: the storage writes whole
 * blocks, the slot wants each tensor on a boundary of its own. The chunks are registered once,
 * which is slow.
 */
final class GdsRoute implements PieceRoute, AutoCloseable {

    private final CopyQueue copies;
    private final DeviceStorage storage;
    private final List<DeviceFile> opened = new ArrayList<>();
    private StagingRing chunks;

    private GdsRoute(CopyQueue copies, DeviceStorage storage) {
        this.copies = copies;
        this.storage = storage;
    }

    /**
     * Opens the files, allocates and registers the chunks, and finds out the mode.
     *
     * @param plan number and size of the chunks
     * @param backend the device
     * @param budget of the device, for the chunks
     * @param files which files to open
     * @param copies what copies from the chunks
     * @return the route, for the caller to close after the copies have ended
     * @throws io.offloadstream.platform.DeviceException if the device has no such way, or refuses
     * @throws UnsupportedOperationException if a file system refuses direct io
     * @throws IOException if a file cannot be opened or read
     * @throws io.offloadstream.platform.BudgetExceededException if there is no room for the chunks
     */
    static GdsRoute open(
            ResidencyPlan plan,
            Backend backend,
            MemoryBudget budget,
            WeightFiles files,
            CopyQueue copies)
            throws IOException {
        GdsRoute route = new GdsRoute(copies, backend.openStorage());
        boolean complete = false;
        try {
            route.chunks =
                    new StagingRing(
                            plan.stagingCount(),
                            () -> route.newChunk(backend, budget, plan.stagingBytes()),
                            copies);
            for (Path path : files.paths()) {
                route.opened.add(route.storage.open(path));
            }
            Chunk chunk = route.chunks.take();
            try {
                route.storage.probe(route.opened, chunk.memory());
            } finally {
                route.chunks.giveBack(chunk);
            }
            complete = true;
        } finally {
            if (!complete) {
                route.close();
            }
        }
        return route;
    }

    private DeviceBuffer newChunk(Backend backend, MemoryBudget budget, long sizeBytes) {
        return storage.register(backend.allocate(budget, "gds staging", sizeBytes));
    }

    /** The mode from the probe until now. */
    GdsStatus status() {
        return storage.status();
    }

    /** How long readers waited for chunks, all together. */
    long waitNanos() {
        return chunks.waitNanos();
    }

    @Override
    public void carry(Work work, PieceReads reads) {
        Chunk chunk = chunks.take();
        try {
            Piece piece = work.piece();
            DeviceFile file = opened.get(piece.file());
            reads.read(work, () -> file.read(piece.offset(), chunk.memory(), 0, piece.length()));
            long source = chunk.memory().address();
            chunk.copied(copies.enqueue(work, source, DeviceStream::copy, Origin.DISK));
        } finally {
            chunks.giveBack(chunk);
        }
    }

    /** Closes the files, frees the chunks; nothing reads or copies any more. */
    @Override
    public void close() {
        Owned.closeAll(() -> Owned.closeAll(opened), chunks, storage);
    }
}
