/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import io.offloadstream.device.Backend;
import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.DeviceFile;
import io.offloadstream.platform.DeviceStorage;
import io.offloadstream.platform.GdsStatus;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.Owned;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** By cuFile into registered memory of the device. */
final class GdsWay implements ReadWay {

    private final Owned owned = new Owned();
    private final DeviceStorage storage;
    private final List<DeviceBuffer> chunks = new ArrayList<>();
    private final DeviceFile file;

    /**
     * Opens the file for GPUDirect Storage and settles the mode.
     *
     * @throws io.offloadstream.platform.DeviceException if it is not available
     * @throws UnsupportedOperationException if the file system refuses direct io
     */
    GdsWay(Backend backend, MemoryBudget budget, Path path, int threads) throws IOException {
        boolean complete = false;
        try {
            storage = owned.own(backend.openStorage());
            for (int i = 0; i < threads; i++) {
                DeviceBuffer memory = backend.allocate(budget, "gds-check", REQUEST_BYTES);
                chunks.add(owned.own(storage.register(memory)));
            }
            file = owned.own(storage.open(path));
            storage.probe(List.of(file), chunks.get(0));
            complete = true;
        } finally {
            if (!complete) {
                owned.close();
            }
        }
    }

    /** Returns the mode from the beginning until now. */
    GdsStatus status() {
        return storage.status();
    }

    /** Lists what is known of cuFile and its settings. */
    List<String> facts() {
        return storage.facts();
    }

    @Override
    public String name() {
        return "gds";
    }

    @Override
    public long read(int thread, long offset) throws IOException {
        return file.read(offset, chunks.get(thread), 0, REQUEST_BYTES);
    }

    @Override
    public void finish() {
        // reads end when they return
    }

    @Override
    public void close() {
        owned.close();
    }
}
