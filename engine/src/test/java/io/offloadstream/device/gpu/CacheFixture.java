/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import io.offloadstream.ops.HostRows;
import io.offloadstream.ops.KvPlacement;
import io.offloadstream.ops.KvView;
import io.offloadstream.ops.RowMap;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.HostMemory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The middle one of three layers of a paged cache, three times: as the CPU has it, in the device's
 * memory, and on the host for the device. Pages lie in random order. What nobody stored are NaNs.
 */
final class CacheFixture {

    private static final int PAGE_TOKENS = 64;
    private static final int LAYERS = 3;

    /** A row's place. */
    record Place(int sequence, int slot) {}

    /** One of the three, and how its rows are found. */
    final class Side {

        private final KvPlacement placement;
        private final boolean isDevice;
        private final long base;
        private final HostMemory pages;
        private final long pagesAddress;

        private Side(KvPlacement placement, boolean isDevice) {
            this.placement = placement;
            this.isDevice = isDevice;
            int count = sequences * maxPages;
            List<Long> starts = new ArrayList<>();
            HostMemory memory = fixture.hostMemory(count * pageBytes);
            fillWithNaN(memory);
            boolean inArena = isDevice && placement == KvPlacement.DEVICE;
            for (int page = 0; page < count; page++) {
                starts.add(inArena ? page * pageBytes : memory.address() + page * pageBytes);
            }
            Collections.shuffle(starts, fixture.random());
            base = inArena ? fixture.upload(memory.address(), memory.sizeBytes()) : 0;
            pages = fixture.hostMemory(8L * count);
            for (int page = 0; page < count; page++) {
                pages.buffer(8L * page, 8).putLong(0, starts.get(page));
            }
            pagesAddress = isDevice ? fixture.upload(pages.address(), 8L * count) : pages.address();
        }

        KvView view() {
            long maskAddress = mask == null ? 0 : isDevice ? deviceMask : mask.address();
            return new KvView(
                    base,
                    placement,
                    pagesAddress,
                    maxPages,
                    2 * valueOffset,
                    valueOffset,
                    PAGE_TOKENS,
                    kvHeads,
                    headDim,
                    type,
                    maskAddress,
                    slots,
                    pages.buffer(0, (int) pages.sizeBytes()).asLongBuffer(),
                    mask == null ? null : mask.buffer(0, sequences * slots));
        }

        RowMap rows(List<Place> places) {
            int count = places.size();
            HostMemory map = fixture.hostMemory(16L * count);
            ByteBuffer targets = map.buffer(0, 8 * count);
            ByteBuffer owners = map.buffer(8L * count, 4 * count);
            ByteBuffer at = map.buffer(12L * count, 4 * count);
            for (int row = 0; row < count; row++) {
                Place place = places.get(row);
                int page = place.sequence() * maxPages + place.slot() / PAGE_TOKENS;
                long inPage = (long) place.slot() % PAGE_TOKENS * headDim * type.sizeBytes();
                targets.putLong(8 * row, pages.buffer(8L * page, 8).getLong(0) + inPage);
                owners.putInt(4 * row, place.sequence());
                at.putInt(4 * row, place.slot());
            }
            long address = isDevice ? fixture.upload(map.address(), 16L * count) : map.address();
            return new RowMap(
                    count,
                    address + 8L * count,
                    address + 12L * count,
                    address,
                    new HostRows(owners.asIntBuffer(), at.asIntBuffer(), targets.asLongBuffer()));
        }
    }

    final Side cpu;
    final Side device;
    final Side host;
    private final GpuFixture fixture;
    private final int sequences;
    private final int slots;
    private final int maxPages;
    private final int kvHeads;
    private final int headDim;
    private final DType type;
    private final long valueOffset;
    private final long pageBytes;
    private final HostMemory mask;
    private final long deviceMask;

    CacheFixture(
            GpuFixture fixture,
            int sequences,
            int slots,
            int kvHeads,
            int headDim,
            DType type,
            boolean masked) {
        this.fixture = fixture;
        this.sequences = sequences;
        this.slots = slots;
        this.maxPages = (slots + PAGE_TOKENS - 1) / PAGE_TOKENS;
        this.kvHeads = kvHeads;
        this.headDim = headDim;
        this.type = type;
        valueOffset = (long) kvHeads * PAGE_TOKENS * headDim * type.sizeBytes();
        pageBytes = 2 * LAYERS * valueOffset;
        mask = masked ? randomMask() : null;
        deviceMask = masked ? fixture.upload(mask.address(), mask.sizeBytes()) : 0;
        cpu = new Side(KvPlacement.DEVICE, false);
        device = new Side(KvPlacement.DEVICE, true);
        host = new Side(KvPlacement.HOST, true);
    }

    /** Every third slot or so does not count; the first ones, and the last sequence's, never do. */
    private HostMemory randomMask() {
        HostMemory memory = fixture.hostMemory((long) sequences * slots);
        ByteBuffer bytes = memory.buffer(0, sequences * slots);
        for (int i = 0; i < sequences * slots; i++) {
            boolean hidden =
                    i % slots < 70
                            || (i / slots == sequences - 1 && sequences > 1)
                            || fixture.random().nextInt(3) == 0;
            bytes.put(i, (byte) (hidden ? 0 : 1));
        }
        return memory;
    }

    private static void fillWithNaN(HostMemory memory) {
        ByteBuffer bytes = memory.buffer(0, (int) memory.sizeBytes());
        while (bytes.hasRemaining()) {
            bytes.put((byte) 0xff);
        }
    }

    /** All slots of all sequences, sequence by sequence. */
    List<Place> everyPlace() {
        List<Place> places = new ArrayList<>();
        for (int sequence = 0; sequence < sequences; sequence++) {
            for (int slot = 0; slot < slots; slot++) {
                places.add(new Place(sequence, slot));
            }
        }
        return places;
    }
}
