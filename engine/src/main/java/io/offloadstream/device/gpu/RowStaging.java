/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import io.offloadstream.platform.DeviceEvent;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.Owned;
import io.offloadstream.platform.gpu.Gpu;
import java.nio.ByteBuffer;

/**
 * Pinned memory that scattered rows are collected in on their way to the device, in two halves: one
 * is filled while the other is copied from. Not thread-safe.
 */
final class RowStaging implements AutoCloseable {

    private static final int HALVES = 2;

    /** Rows that one upload takes: enough that its cost hardly counts. */
    private static final int ROWS = 32;

    /** Least size of a half, for rows that are short. */
    private static final long LEAST_BYTES = 32 << 10;

    private final HostMemory memory;
    private final DeviceStream stream;
    private final long halfBytes;
    private final DeviceEvent[] copied = new DeviceEvent[HALVES];
    private int half;

    RowStaging(Gpu gpu, DeviceStream stream, MemoryBudget host, long rowBytes) {
        this.stream = stream;
        this.memory = gpu.allocateHost(host, "row staging", sizeBytes(rowBytes));
        this.halfBytes = memory.sizeBytes() / HALVES;
    }

    static long sizeBytes(long rowBytes) {
        return HALVES * Math.max(LEAST_BYTES, ROWS * rowBytes);
    }

    /** Returns how many rows one upload may have, 0 if not even one fits. */
    int rows(long rowBytes) {
        return (int) Math.min(Integer.MAX_VALUE, halfBytes / rowBytes);
    }

    /** Writes a row that is being collected. */
    @FunctionalInterface
    interface Fill {
        void row(int index, ByteBuffer target);
    }

    /**
     * Collects rows and enqueues their upload, one behind another.
     *
     * @param fill writes them
     * @param begin index of the first
     * @param count how many, at most {@link #rows}
     * @param rowBytes length of a row
     * @param target address of the device
     */
    void upload(Fill fill, int begin, int count, long rowBytes, long target) {
        awaitCopy(half);
        int length = Math.toIntExact(rowBytes);
        for (int row = 0; row < count; row++) {
            fill.row(begin + row, memory.buffer(half * halfBytes + row * rowBytes, length));
        }
        stream.upload(memory.address() + half * halfBytes, target, count * rowBytes);
        copied[half] = stream.record();
        half = (half + 1) % HALVES;
    }

    /** Rows of the half before last may still be on their way: almost always they are not. */
    private void awaitCopy(int index) {
        if (copied[index] != null) {
            try (DeviceEvent event = copied[index]) {
                copied[index] = null;
                event.await();
            }
        }
    }

    /** Frees it; the stream has been synchronized. */
    @Override
    public void close() {
        Owned.closeAll(() -> Owned.closeAll(copied), memory);
    }
}
