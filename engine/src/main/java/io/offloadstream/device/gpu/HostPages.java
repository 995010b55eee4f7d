/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import io.offloadstream.ops.KvView;
import io.offloadstream.platform.DeviceEvent;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.DeviceStream;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings one layer's pages of a cache on the host to the device, a tile of them at a time, in two
 * tiles that take turns: while kernels run on one, the next is copied by another stream. Serves one
 * call of attention.
 */
final class HostPages implements AutoCloseable {

    private static final Logger LOGGER = LoggerFactory.getLogger(HostPages.class);

    private final KvView cache;
    private final DeviceStream compute;
    private final DeviceStream transfer;
    private final long tiles;
    private final DeviceEvent[] used = new DeviceEvent[GpuScratch.TILES];
    private int turn;

    /**
     * Prepares copies, which wait for what the compute stream has been given: it stores rows in
     * these pages, and used the tiles' memory for something else.
     *
     * @param tiles device address of the tiles
     */
    HostPages(KvView cache, DeviceStream compute, DeviceStream transfer, long tiles) {
        this.cache = cache;
        this.compute = compute;
        this.transfer = transfer;
        this.tiles = tiles;
        try (DeviceEvent stored = compute.record()) {
            transfer.await(stored);
        }
    }

    /**
     * Brings pages, and enqueues what is done with each tile.
     *
     * @param sequence whose pages
     * @param firstPage of them
     * @param lastPage of them, included
     * @param kernels enqueues in the compute stream
     */
    void forEachTile(
            int sequence, int firstPage, int lastPage, Consumer<GpuAttention.Span> kernels) {
        int most = GpuScratch.tilePages(cache);
        for (int begin = firstPage; begin <= lastPage; begin += most) {
            int end = Math.min(begin + most, lastPage + 1);
            long tile = tiles + turn * GpuScratch.tileBytes(cache);
            release(turn);
            bring(sequence, begin, end, tile);
            kernels.accept(
                    new GpuAttention.Span(tile, 0, begin, end, begin == firstPage, end > lastPage));
            used[turn] = compute.record();
            turn = (turn + 1) % GpuScratch.TILES;
        }
    }

    /** Copies pages; what the compute stream is given from now on waits for them. */
    private void bring(int sequence, int begin, int end, long tile) {
        boolean awaited = false;
        try {
            for (int page = begin; page < end; page++) {
                copy(sequence, page, tile + (page - begin) * GpuScratch.pageBytes(cache));
            }
            try (DeviceEvent ready = transfer.record()) {
                compute.await(ready);
            }
            awaited = true;
        } finally {
            if (!awaited) {
                settle();
            }
        }
    }

    /**
     * Waits for copies that the compute stream does not wait for: whoever ends the pass looks at
     * that stream alone, and frees pages and tiles.
     */
    private void settle() {
        try {
            transfer.synchronize();
        } catch (DeviceException e) {
            LOGGER.debug("copies of pages ended with a failure", e);
        }
    }

    /** Copies wait until the kernels of the tile's last turn have ended. */
    private void release(int index) {
        if (used[index] != null) {
            try (DeviceEvent event = used[index]) {
                used[index] = null;
                transfer.await(event);
            }
        }
    }

    private void copy(int sequence, int page, long target) {
        long half = GpuScratch.pageBytes(cache) / 2;
        long source =
                cache.hostPages().get(sequence * cache.maxPages() + page)
                        + cache.layerOffsetBytes();
        if (cache.valueOffsetBytes() == half) {
            transfer.upload(source, target, 2 * half);
        } else {
            transfer.upload(source, target, half);
            transfer.upload(source + cache.valueOffsetBytes(), target + half, half);
        }
    }

    @Override
    public void close() {
        for (DeviceEvent event : used) {
            if (event != null) {
                event.close();
            }
        }
    }
}
