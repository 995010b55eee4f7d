/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import io.offloadstream.device.Backend;
import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.DeviceEvent;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.Owned;
import io.offloadstream.platform.StorageFile;
import java.io.IOException;

/**
 * Read into pinned host memory and copied to the device from there, as without GPUDirect Storage.
 * Each thread has two chunks: one is read into while the other is copied.
 */
final class PinnedWay implements ReadWay {

    /** Of each thread. */
    static final int CHUNKS = 2;

    private final Owned owned = new Owned();
    private final StorageFile file;
    private final String name;
    private final DeviceStream copies;
    private final HostMemory[] chunks;
    private final DeviceBuffer[] targets;
    private final DeviceEvent[] ends;
    private final int[] turns;

    /**
     * Allocates the chunks.
     *
     * @param backend the device
     * @param budget for both kinds of memory
     * @param file what is read, owned from now on
     * @param io how it is read, for the name
     * @param threads how many read
     */
    PinnedWay(Backend backend, MemoryBudget budget, StorageFile file, String io, int threads) {
        this.file = owned.own(file);
        boolean onDevice = !backend.computesInHostMemory();
        name = io + (onDevice ? " + pinned copy" : " to host memory");
        chunks = new HostMemory[CHUNKS * threads];
        targets = new DeviceBuffer[onDevice ? threads : 0];
        ends = new DeviceEvent[chunks.length];
        turns = new int[threads];
        boolean complete = false;
        try {
            for (int i = 0; i < chunks.length; i++) {
                chunks[i] = owned.own(backend.allocateHost(budget, "gds-check", REQUEST_BYTES));
            }
            for (int i = 0; i < targets.length; i++) {
                targets[i] = owned.own(backend.allocate(budget, "gds-check", REQUEST_BYTES));
            }
            copies = onDevice ? owned.own(backend.newStream("gds-check")) : null;
            complete = true;
        } finally {
            if (!complete) {
                owned.close();
            }
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public long read(int thread, long offset) throws IOException {
        int chunk = CHUNKS * thread + turns[thread]++ % CHUNKS;
        awaitEnd(chunk);
        long source = chunks[chunk].address();
        int count = file.read(offset, source, REQUEST_BYTES);
        if (copies != null && count > 0) {
            copies.upload(source, targets[thread].address(), count);
            ends[chunk] = copies.record();
            copies.flush();
        }
        return count;
    }

    private void awaitEnd(int chunk) {
        if (ends[chunk] != null) {
            ends[chunk].await();
            ends[chunk].close();
            ends[chunk] = null;
        }
    }

    @Override
    public void finish() {
        for (int chunk = 0; chunk < chunks.length; chunk++) {
            awaitEnd(chunk);
        }
    }

    @Override
    public void close() {
        try {
            finish();
        } finally {
            owned.close();
        }
    }
}
