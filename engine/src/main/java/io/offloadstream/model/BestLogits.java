/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.HostMemory;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;

/**
 * Where a pass writes the largest logits of its rows, in host memory: a few numbers instead of a
 * vocabulary. Each part of the head writes its own; {@link #merge} makes one list of them.
 *
 * <p>Values are (parts, rows, count) float32, behind them token ids likewise as int32. What is no
 * number counts as positive infinity, so that damage is seen.
 */
public final class BestLogits {

    /** The most that can be asked for of each row. */
    public static final int MOST = 256;

    /** Rows of the head's product that are looked through at a time: it takes scratch memory. */
    static final int STEP_ROWS = 8;

    private final HostMemory memory;
    private final int parts;
    private final int rows;
    private final int count;

    /**
     * Lays out memory.
     *
     * @param model whose passes write here
     * @param memory of {@link #sizeBytes} or more, the caller's
     * @param rows that get logits
     * @param count of the largest logits of each row, 1 to {@link #MOST}
     */
    public BestLogits(StreamedModel model, HostMemory memory, int rows, int count) {
        this(memory, model.modelPlan().groups().headParts(), rows, count);
    }

    BestLogits(HostMemory memory, int parts, int rows, int count) {
        if (count < 1 || count > MOST) {
            throw new IllegalArgumentException(
                    count + " of the largest logits are wanted; valid is 1 to " + MOST);
        }
        this.memory = memory;
        this.parts = parts;
        this.rows = rows;
        this.count = count;
    }

    /**
     * Returns the memory that is needed.
     *
     * @param model whose passes will write there
     * @param rows that get logits
     * @param count of the largest logits of each row
     * @return bytes
     */
    public static long sizeBytes(StreamedModel model, int rows, int count) {
        return 8L * model.modelPlan().groups().headParts() * rows * count;
    }

    /**
     * Returns the number of rows.
     *
     * @return rows that get logits
     */
    public int rows() {
        return rows;
    }

    /**
     * Returns how many logits there are of each row.
     *
     * @return at most {@link #MOST}
     */
    public int count() {
        return count;
    }

    /** The values that a part of the head writes for rows [begin, end). */
    Tensor values(int part, int begin, int end) {
        return new Tensor(DType.F32, memory.address() + offset(part, begin), end - begin, count);
    }

    /** The ids that a part of the head writes for rows [begin, end). */
    Tensor ids(int part, int begin, int end) {
        long ids = memory.address() + offset(parts, 0);
        return new Tensor(DType.I32, ids + offset(part, begin), end - begin, count);
    }

    private long offset(int part, int row) {
        return 4L * count * ((long) part * rows + row);
    }

    /**
     * Merges what the parts have found for a row, after the pass.
     *
     * @param row from 0
     * @param values receives the largest logits, the largest first, of equal ones the lowest id; up
     *     to its limit, which is set to how many there are
     * @param ids receives their token ids, likewise
     */
    public void merge(int row, FloatBuffer values, IntBuffer ids) {
        FloatBuffer[] found = new FloatBuffer[parts];
        IntBuffer[] places = new IntBuffer[parts];
        for (int part = 0; part < parts; part++) {
            found[part] = memory.buffer(offset(part, row), 4 * count).asFloatBuffer();
            places[part] =
                    memory.buffer(offset(parts, 0) + offset(part, row), 4 * count).asIntBuffer();
        }
        int merged = 0;
        while (merged < values.limit()) {
            int best = -1;
            for (int part = 0; part < parts; part++) {
                boolean left =
                        found[part].hasRemaining()
                                && places[part].get(places[part].position()) >= 0;
                // parts ascend by id, so of equal ones the first part has the lowest
                if (left && (best < 0 || head(found[part]) > head(found[best]))) {
                    best = part;
                }
            }
            if (best < 0) {
                break;
            }
            values.put(merged, found[best].get());
            ids.put(merged++, places[best].get());
        }
        values.position(0).limit(merged);
        ids.position(0).limit(merged);
    }

    private static float head(FloatBuffer values) {
        return values.get(values.position());
    }
}
