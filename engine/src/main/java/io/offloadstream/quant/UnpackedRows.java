/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.quant;

import io.offloadstream.checkpoint.CheckpointException;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.PackedBf16;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The rows of a losslessly packed matrix as the BF16 rows that they were, bit for bit, in the
 * layout of {@link PackedBf16}. Thread-safe if what it reads from is.
 */
public final class UnpackedRows implements TensorRows {

    private static final int UPPER = 4;
    private static final int CODES_BYTES = PackedBf16.BLOCK / 2;

    private final TensorRows packed;
    private final TensorRows escapes;

    /**
     * Views a packed matrix.
     *
     * @param packed its rows, of {@link DType#BF16_PACKED}
     * @param escapes what lies beside them, each byte a row
     */
    public UnpackedRows(TensorRows packed, TensorRows escapes) {
        this.packed = packed;
        this.escapes = escapes;
    }

    @Override
    public String name() {
        return packed.name();
    }

    @Override
    public DType type() {
        return DType.BF16;
    }

    @Override
    public long[] shape() {
        return packed.shape();
    }

    @Override
    public void read(long begin, int count, byte[] target) throws IOException {
        byte[] blocks = new byte[Math.multiplyExact(count, packed.rowBytes())];
        packed.read(begin, count, blocks);
        byte[] highs = escapes(0, PackedBf16.TABLE_BYTES).array();
        for (int from = 0, to = 0; from < blocks.length; from += PackedBf16.BLOCK_BYTES) {
            unpack(blocks, from, highs, target, to);
            to += PackedBf16.BLOCK * Short.BYTES;
        }
        mend(begin, count, target);
    }

    private ByteBuffer escapes(long begin, int length) throws IOException {
        byte[] bytes = new byte[length];
        escapes.read(begin, length, bytes);
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static void unpack(byte[] blocks, int from, byte[] highs, byte[] target, int to) {
        for (int k = 0; k < CODES_BYTES; k++) {
            int codes = blocks[from + k];
            int low = from + CODES_BYTES + k;
            int at = to + Short.BYTES * (k / UPPER * 2 * UPPER + k % UPPER);
            target[at] = blocks[low];
            target[at + 1] = highs[codes & 15];
            target[at + Short.BYTES * UPPER] = blocks[low + CODES_BYTES];
            target[at + Short.BYTES * UPPER + 1] = highs[codes >> 4 & 15];
        }
    }

    /** Puts the values that have no code in their places. */
    private void mend(long begin, int count, byte[] target) throws IOException {
        ByteBuffer index =
                escapes(
                        PackedBf16.TABLE_BYTES + begin * Integer.BYTES,
                        Math.multiplyExact(count + 1, Integer.BYTES));
        long first = Integer.toUnsignedLong(index.getInt(0));
        long last = Integer.toUnsignedLong(index.getInt(count * Integer.BYTES));
        requireAscending(begin, first, last, escapes.rows());
        ByteBuffer list = escapes(first, Math.toIntExact(last - first));
        int columns = columns();
        long reached = first;
        for (int row = 0; row < count; row++) {
            long end = Integer.toUnsignedLong(index.getInt((row + 1) * Integer.BYTES));
            requireAscending(begin + row, reached, end, last);
            for (; reached < end; reached += Integer.BYTES) {
                int escape = list.getInt((int) (reached - first));
                int column = escape >>> 8;
                if (column < columns) { // as kernels do: a damaged list makes digits wrong
                    target[Short.BYTES * (row * columns + column) + 1] = (byte) escape;
                }
            }
        }
    }

    /** Opening a copy has checked this: the file may have been changed since. */
    private void requireAscending(long row, long begin, long end, long most) {
        if (begin > end || end > most || (end - begin) % Integer.BYTES != 0) {
            throw new CheckpointException(
                    "tensor "
                            + escapes.name()
                            + " has escapes of row "
                            + row
                            + " from byte "
                            + begin
                            + " to "
                            + end
                            + " of "
                            + most
                            + ": it was changed while it was read; convert the model again");
        }
    }
}
