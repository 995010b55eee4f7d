/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.ops.RopeTable;
import io.offloadstream.ops.RowMap;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import java.nio.FloatBuffer;

/**
 * What a pass holds for each of its rows from the first block to the last: the hidden state, where
 * the row is in its sequence, and its rotations.
 */
final class PassBuffers implements AutoCloseable {

    /** Sequence and slot as int32, target as int64. */
    private static final long MAP_BYTES = 4 + 4 + 8;

    private final HostMemory memory;
    private final int rows;
    private final int width;
    private final Rope rope;

    PassBuffers(MemoryBudget budget, int rows, int width, Rope ropeOrNull) {
        this.rows = rows;
        this.width = width;
        this.rope = ropeOrNull;
        this.memory =
                HostMemory.allocate(budget, "hidden state", sizeBytes(rows, width, ropeOrNull));
    }

    static long sizeBytes(int rows, int width, Rope ropeOrNull) {
        long anglesBytes = ropeOrNull == null ? 0 : 2L * 4 * ropeOrNull.halfDim();
        return rows * (MAP_BYTES + 4L * width + anglesBytes);
    }

    int rows() {
        return rows;
    }

    Tensor hidden(int count) {
        return new Tensor(DType.F32, memory.address() + rows * MAP_BYTES, count, width);
    }

    RowMap map(int count) {
        long sequences = memory.address() + 8L * rows;
        return new RowMap(count, sequences, sequences + 4L * rows, memory.address());
    }

    void setRow(int row, int sequence, int slot, long target) {
        memory.buffer(8L * row, 8).putLong(0, target);
        memory.buffer(8L * rows + 4L * row, 4).putInt(0, sequence);
        memory.buffer(12L * rows + 4L * row, 4).putInt(0, slot);
    }

    /** Fills in the rotations of a row: cos and sin of position times frequency, as float32. */
    void setAngles(int row, int position, float[] frequencies, float factor) {
        int half = frequencies.length;
        FloatBuffer cos = memory.buffer(anglesOffset() + 4L * row * half, 4 * half).asFloatBuffer();
        FloatBuffer sin =
                memory.buffer(anglesOffset() + 4L * (rows + (long) row) * half, 4 * half)
                        .asFloatBuffer();
        for (int i = 0; i < half; i++) {
            float angle = position * frequencies[i];
            cos.put(i, (float) Math.cos(angle) * factor);
            sin.put(i, (float) Math.sin(angle) * factor);
        }
    }

    /** The rotations of rows [begin, end), or null where there is no rope. */
    RopeTable rope(int begin, int end) {
        if (rope == null) {
            return null;
        }
        int half = rope.halfDim();
        long cos = memory.address() + anglesOffset() + 4L * begin * half;
        long sin = cos + 4L * rows * half;
        return new RopeTable(
                new Tensor(DType.F32, cos, end - begin, half),
                new Tensor(DType.F32, sin, end - begin, half),
                rope.interleaved());
    }

    private long anglesOffset() {
        return rows * (MAP_BYTES + 4L * width);
    }

    @Override
    public void close() {
        memory.close();
    }
}
