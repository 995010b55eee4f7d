/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.plan.FileCoverage;
import io.offloadstream.plan.FileCoverage.Holder;
import io.offloadstream.plan.GatherStaging;
import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.plan.WeightGroup;
import io.offloadstream.plan.WeightGroup.Access;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.stream.OpenPass.WaitKind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds rows of gathered tables: in the table itself where it is resident, in a resident group that
 * holds the same file bytes (the head tied to it), or else on disk, each row once per gather, all
 * readers at once.
 */
final class RowGather {

    /** Stands for a table that lost its memory while it was waited for. */
    private static final Slot GIVEN_UP = new Slot(null, null, null);

    private final WeightStream stream;
    private final ResidencyPlan plan;
    private final Pipeline pipeline;
    private final HostGroups hostGroups;
    private final StreamCounters counters;
    private final FileCoverage coverage;
    private final Slot staging;
    private boolean leased;

    RowGather(WeightStream stream, Pipeline pipeline, StreamCounters counters) {
        this.stream = stream;
        this.hostGroups = stream.memory().hostGroups();
        this.counters = counters;
        this.plan = stream.plan();
        this.pipeline = pipeline;
        this.coverage =
                new FileCoverage(
                        plan.groups().stream()
                                .filter(group -> group.access() != Access.GATHERED)
                                .filter(group -> isInHostMemory(group.index()))
                                .toList());
        List<WeightGroup> gathered =
                plan.groups().stream().filter(group -> group.access() == Access.GATHERED).toList();
        long size = GatherStaging.sizeBytes(gathered, plan.gatherRows(), plan.blockBytes());
        staging =
                size == 0 || plan.isMapped()
                        ? null
                        : new Slot(
                                stream.memory().host(),
                                HostMemory.allocate(
                                        stream.memory().host().budget(), "gather staging", size),
                                "rows");
    }

    /** Whether rows can be taken from a group: a device's memory is not the host's to read. */
    private boolean isInHostMemory(int group) {
        return plan.hasDevice() ? plan.isOnHost(group) : plan.isResident(group);
    }

    /** What one gather has found so far. */
    private static final class Found {
        private final List<Slot> leases = new ArrayList<>();
        private final List<HostGroup> held = new ArrayList<>();
        private final Map<Integer, Piece> pieces = new HashMap<>();
        private final long[] addresses;
        private long escapes;
        private long bytes;
        private int fromMemory;

        Found(int rows) {
            addresses = new long[rows];
        }
    }

    RowLease gather(OpenPass pass, int group, int tensor, int[] rows) {
        WeightGroup table = plan.groups().get(group);
        if (table.access() != Access.GATHERED) {
            throw new IllegalArgumentException("group " + table.name() + " is not GATHERED");
        }
        if (rows.length > plan.gatherRows()) {
            throw new IllegalArgumentException(
                    rows.length + " rows at once; a gather takes at most " + plan.gatherRows());
        }
        TensorEntry entry = table.tensors().get(tensor);
        pipeline.lock.lock();
        try {
            pass.requireUsable();
            if (leased) {
                throw new IllegalStateException("rows are still leased; close them first");
            }
            Found found = new Found(rows.length);
            boolean complete = false;
            try {
                long start = System.nanoTime();
                find(pass, table, tensor, entry, rows, found);
                long nanos = System.nanoTime() - start;
                counters.gathered(found.fromMemory, found.pieces.size(), found.bytes, nanos);
                leased = true;
                complete = true;
                return new Rows(found);
            } finally {
                if (!complete) {
                    release(found);
                }
            }
        } finally {
            pipeline.lock.unlock();
        }
    }

    private void find(
            OpenPass pass,
            WeightGroup table,
            int tensor,
            TensorEntry entry,
            int[] rows,
            Found found) {
        if (entry.type() == DType.BF16_PACKED) {
            findEscapes(pass, entry, found);
        }
        Slot own = resident(pass, table);
        if (own != null) {
            pipeline.lease(own);
            found.leases.add(own);
        }
        long rowBytes = GatherStaging.rowBytes(entry);
        long count = entry.shape()[0];
        for (int i = 0; i < rows.length; i++) {
            if (rows[i] < 0 || rows[i] >= count) {
                throw new IllegalArgumentException("row " + rows[i] + " of " + entry);
            }
            long offset = rows[i] * rowBytes;
            if (own != null) {
                found.addresses[i] = stream.address(table, tensor, own) + offset;
            } else {
                found.addresses[i] = inOtherGroup(entry, offset, rowBytes, found);
            }
            if (found.addresses[i] != 0) {
                found.fromMemory++;
            } else {
                found.pieces.computeIfAbsent(
                        rows[i], row -> piece(entry, offset, rowBytes, found.pieces.size()));
            }
        }
        if (!found.pieces.isEmpty()) {
            read(pass, table, rows, rowBytes, found);
        }
    }

    /** Finds the escapes of a packed table, reading them the first time. */
    private void findEscapes(OpenPass pass, TensorEntry entry, Found found) {
        for (WeightGroup group : plan.groups()) {
            int place = group.access() == Access.INDEX ? group.escapesOf(entry.name()) : -1;
            if (place >= 0) {
                Slot slot = pass.awaitResident(group.index());
                pipeline.lease(slot);
                found.leases.add(slot);
                found.escapes = stream.address(group, place, slot);
                return;
            }
        }
        throw new IllegalStateException("no INDEX group has the escapes of " + entry);
    }

    /**
     * The table's own memory once it is filled; null if it has none, or gives it up meanwhile:
     * between the end of a read and the wake-up of who waits for it, the memory is anybody's.
     */
    private Slot resident(OpenPass pass, WeightGroup table) {
        pipeline.startResident(table.index());
        Slot slot =
                pass.await(
                        table.name(),
                        () -> {
                            Slot own = stream.residents().find(table.index());
                            return own == null ? GIVEN_UP : Slot.filled(own);
                        },
                        WaitKind.GATHER);
        return slot == GIVEN_UP ? null : slot;
    }

    /** The address of a row in a group of host memory that has its bytes, 0 if there is none. */
    private long inOtherGroup(TensorEntry entry, long offset, long rowBytes, Found found) {
        long begin = entry.offset() + offset;
        Holder holder = coverage.find(entry.file(), begin, begin + rowBytes);
        if (holder == null) {
            return 0;
        }
        if (plan.isOnHost(holder.group())) {
            return inHostGroup(holder, begin, found);
        }
        Slot slot = stream.residents().find(holder.group());
        if (slot == null || !slot.isFilled()) {
            return 0;
        }
        if (!found.leases.contains(slot)) {
            slot.lease();
            found.leases.add(slot);
        }
        WeightGroup group = plan.groups().get(holder.group());
        return stream.address(group, holder.tensor(), slot) + begin - holder.begin();
    }

    private long inHostGroup(Holder holder, long begin, Found found) {
        HostGroup group = null;
        for (HostGroup held : found.held) {
            group = held.index() == holder.group() ? held : group;
        }
        if (group == null) {
            group = hostGroups.enterWhole(holder.group());
            if (group == null) {
                return 0;
            }
            found.held.add(group);
        }
        long tensor = plan.extents(holder.group()).tensorOffset(holder.tensor());
        return group.address() + tensor + begin - holder.begin();
    }

    private Piece piece(TensorEntry entry, long offset, long rowBytes, int place) {
        int block = plan.blockBytes();
        long begin = entry.offset() + offset;
        long aligned = begin / block * block;
        int needed = Math.toIntExact(begin + rowBytes - aligned);
        int length = (needed + block - 1) / block * block;
        long span = GatherStaging.rowSpanBytes(rowBytes, block);
        int file = stream.files().indexOf(entry.file());
        return new Piece(file, aligned, place * span, length, needed, List.of());
    }

    private void read(OpenPass pass, WeightGroup table, int[] rows, long rowBytes, Found found) {
        Piece[] pieces = found.pieces.values().toArray(Piece[]::new);
        for (Piece piece : pieces) {
            found.bytes += piece.length();
        }
        String name = "rows of " + table.name();
        // readers may still be at work for a gather that was cancelled
        pass.await(
                name,
                () -> staging.state() == Slot.State.READING ? null : staging,
                WaitKind.GATHER);
        staging.drop();
        pipeline.startReading(staging, -1, pieces, true);
        pass.await(name, () -> Slot.filled(staging), WaitKind.GATHER);
        for (int i = 0; i < rows.length; i++) {
            if (found.addresses[i] == 0) {
                Piece piece = found.pieces.get(rows[i]);
                long inBlock = piece.needed() - rowBytes;
                found.addresses[i] = staging.memory().address() + piece.slotOffset() + inBlock;
            }
        }
    }

    private void release(Found found) {
        found.leases.forEach(Slot::release);
        found.leases.clear();
        found.held.forEach(hostGroups::leave);
        found.held.clear();
    }

    /** Ends what a pass left open. Called under the lock. */
    void endPass() {
        leased = false;
    }

    /** Frees the staging. */
    void close() {
        if (staging != null) {
            staging.close();
        }
    }

    /** Rows in place. */
    private final class Rows implements RowLease {
        private final Found found;
        private boolean closed;

        Rows(Found found) {
            this.found = found;
        }

        @Override
        public long[] addresses() {
            return found.addresses;
        }

        @Override
        public long escapes() {
            return found.escapes;
        }

        @Override
        public void close() {
            pipeline.lock.lock();
            try {
                if (!closed) {
                    closed = true;
                    release(found);
                    leased = false;
                }
            } finally {
                pipeline.lock.unlock();
            }
        }
    }
}
