/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.device.Backend;
import io.offloadstream.device.Budgets;
import io.offloadstream.device.SharedTable;
import io.offloadstream.ops.HostRows;
import io.offloadstream.ops.RopeTable;
import io.offloadstream.ops.RowMap;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.Owned;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;

/**
 * What a pass holds for each of its rows from the first block to the last: the hidden state, where
 * the row is in its sequence, and its rotations. The host writes the last two, kernels the first.
 */
final class PassBuffers implements AutoCloseable {

    /** Sequence and slot as int32, target as int64. */
    private static final long MAP_BYTES = 4 + 4 + 8;

    /** Up to this one copy of everything takes less than several of what is needed. */
    private static final long PUBLISHED_WHOLE_BYTES = 64 << 10;

    private final SharedTable table;
    private final DeviceBuffer hidden;
    private final LongBuffer targets;
    private final IntBuffer sequences;
    private final IntBuffer slots;

    /** Both parts of the rotations of all rows: (2, rows, halfDim). */
    private final FloatBuffer angles;

    private final HostRows hostRows;
    private final int rows;
    private final int width;
    private final Rope rope;

    PassBuffers(Backend backend, Budgets budgets, int rows, int width, Rope ropeOrNull) {
        this.rows = rows;
        this.width = width;
        this.rope = ropeOrNull;
        long tableBytes = tableBytes(rows, ropeOrNull);
        // before anything is allocated: it throws where a view cannot be so long
        int anglesBytes = Math.toIntExact(tableBytes - anglesOffset());
        this.table = backend.newTable(budgets.host(), budgets.device(), "pass tables", tableBytes);
        DeviceBuffer allocated = null;
        try {
            allocated =
                    backend.allocate(budgets.device(), "hidden state", hiddenBytes(rows, width));
        } finally {
            if (allocated == null) {
                table.close();
            }
        }
        this.hidden = allocated;
        this.targets = table.buffer(0, 8 * rows).asLongBuffer();
        this.sequences = table.buffer(8L * rows, 4 * rows).asIntBuffer();
        this.slots = table.buffer(12L * rows, 4 * rows).asIntBuffer();
        this.angles = table.buffer(anglesOffset(), anglesBytes).asFloatBuffer();
        this.hostRows =
                backend.computesInHostMemory() ? null : new HostRows(sequences, slots, targets);
    }

    static long hiddenBytes(int rows, int width) {
        return 4L * rows * width;
    }

    static long tableBytes(int rows, Rope ropeOrNull) {
        long anglesBytes = ropeOrNull == null ? 0 : 2L * 4 * ropeOrNull.halfDim();
        return rows * (MAP_BYTES + anglesBytes);
    }

    int rows() {
        return rows;
    }

    Tensor hidden(int count) {
        return new Tensor(DType.F32, hidden.address(), count, width);
    }

    RowMap map(int count) {
        long sequences = table.address() + 8L * rows;
        return new RowMap(
                count,
                sequences,
                sequences + 4L * rows,
                table.address(),
                hostRows == null ? null : hostRows.rows(0, count));
    }

    void setRow(int row, int sequence, int slot, long target) {
        targets.put(row, target);
        sequences.put(row, sequence);
        slots.put(row, slot);
    }

    /** Fills in the rotations of a row: cos and sin of position times frequency, as float32. */
    void setAngles(int row, int position, float[] frequencies, float factor) {
        int half = frequencies.length;
        int cos = row * half;
        int sin = (rows + row) * half;
        for (int i = 0; i < half; i++) {
            float angle = position * frequencies[i];
            angles.put(cos + i, (float) Math.cos(angle) * factor);
            angles.put(sin + i, (float) Math.sin(angle) * factor);
        }
    }

    /**
     * Makes what was set visible to kernels that are enqueued from now on. It must not be set again
     * before the compute stream is synchronized.
     *
     * @param count rows that were set, from 0
     */
    void publish(int count) {
        long all = tableBytes(rows, rope);
        if (all <= PUBLISHED_WHOLE_BYTES || count == rows) {
            table.publish(0, all);
            return;
        }
        table.publish(0, 8L * count);
        table.publish(8L * rows, 4L * count);
        table.publish(12L * rows, 4L * count);
        if (rope != null) {
            long bytes = 4L * count * rope.halfDim();
            table.publish(anglesOffset(), bytes);
            table.publish(anglesOffset() + 4L * rows * rope.halfDim(), bytes);
        }
    }

    /** The rotations of rows [begin, end), or null where there is no rope. */
    RopeTable rope(int begin, int end) {
        if (rope == null) {
            return null;
        }
        int half = rope.halfDim();
        long cos = table.address() + anglesOffset() + 4L * begin * half;
        long sin = cos + 4L * rows * half;
        return new RopeTable(
                new Tensor(DType.F32, cos, end - begin, half),
                new Tensor(DType.F32, sin, end - begin, half),
                rope.interleaved());
    }

    private long anglesOffset() {
        return rows * MAP_BYTES;
    }

    @Override
    public void close() {
        Owned.closeAll(hidden, table);
    }
}
