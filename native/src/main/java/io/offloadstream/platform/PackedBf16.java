/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import java.nio.ByteBuffer;

/**
 * The layout of {@link DType#BF16_PACKED}: BF16 weights in 12 bits each, no digit lost.
 *
 * <p>The high byte of a BF16 weight (sign and upper exponent bits) takes few values. The 15 most
 * frequent of a tensor have a 4-bit code each; the 16th code is an escape, whose value lies in a
 * list beside the rows. The low byte is kept as it is.
 *
 * <p><b>Rows</b>, {@code (out, in)} with {@code in} a multiple of 32: {@code in / 32} blocks of 48
 * bytes. Byte {@code k} of a block's 16 bytes of codes holds, in its low half, the code of column
 * {@code c = 8 (k / 4) + k % 4} of the block and, in its high half, that of column {@code c + 4}.
 * Then come 32 low bytes: {@code 16 + k} is that of column {@code c}, {@code 32 + k} that of column
 * {@code c + 4}. So one byte shuffle gives the 32 high bytes in the order of the low ones, two
 * interleaves give float32 in the order of the columns, and a thread that takes 8 columns finds
 * them in three words.
 *
 * <p><b>Escapes</b>, bytes beside the rows, little-endian:
 *
 * <ul>
 *   <li>16 bytes: the high byte of each code; that of code 15 is 0 and means nothing
 *   <li>{@code out + 1} uint32: where the escapes of each row begin, in bytes from the start of the
 *       escapes; the last one is where they all end
 *   <li>an uint32 for each escape, ascending within a row: {@code column * 256 + high byte}
 * </ul>
 *
 * <p>Any row or range of rows decodes alone. All BF16 values occur, and come back bit for bit.
 */
public final class PackedBf16 {

    /** Weights of a block. */
    public static final int BLOCK = 32;

    /** Bytes of a block. */
    public static final int BLOCK_BYTES = 48;

    /** The code of a high byte that has none. */
    public static final int ESCAPE = 15;

    /** Bytes of the table of codes, with which the escapes begin. */
    public static final int TABLE_BYTES = 16;

    /** What the name of the tensor of escapes has behind that of the packed one. */
    public static final String SUFFIX = ".escapes";

    /** Columns are numbered by 24 bits of an escape. */
    public static final int MOST_COLUMNS = 1 << 24;

    private PackedBf16() {}

    /**
     * Returns the size of the escapes of a tensor.
     *
     * @param rows of the tensor
     * @param escapes how many weights have no code
     * @return bytes
     */
    public static long escapesBytes(long rows, long escapes) {
        return TABLE_BYTES + 4 * Math.addExact(rows + 1, escapes);
    }

    /**
     * Returns which byte of codes a column's is in.
     *
     * @param column of a block
     * @return from 0; the column's low byte is at {@code 16 + place}, or 16 further if {@link
     *     #isUpper}
     */
    public static int place(int column) {
        return column / 8 * 4 + column % 4;
    }

    /**
     * Tells whether a column's code is in the upper half of its byte.
     *
     * @param column of a block
     * @return true if it is
     */
    public static boolean isUpper(int column) {
        return column % 8 >= 4;
    }

    /**
     * Decodes a row, as the specification of what kernels do.
     *
     * @param packed address of the row
     * @param escapes address of the tensor's escapes
     * @param row its number in the whole tensor
     * @param target receives the bits of BF16 weights
     * @param columns of the row, a multiple of 32
     */
    public static void load(long packed, long escapes, int row, short[] target, int columns) {
        ByteBuffer blocks =
                HostMemory.view(packed, Math.toIntExact(DType.BF16_PACKED.bytes(columns)));
        ByteBuffer table = HostMemory.view(escapes, TABLE_BYTES);
        for (int i = 0; i < columns; i++) {
            int block = i / BLOCK * BLOCK_BYTES;
            int place = block + place(i % BLOCK);
            boolean upper = isUpper(i % BLOCK);
            int code = blocks.get(place) >> (upper ? 4 : 0) & 15;
            int low = blocks.get(place + (upper ? 32 : 16)) & 0xff;
            target[i] = (short) (table.get(code) << 8 | low);
        }
        ByteBuffer index = HostMemory.view(escapes + TABLE_BYTES + 4L * row, 8);
        long begin = Integer.toUnsignedLong(index.getInt(0));
        long end = Integer.toUnsignedLong(index.getInt(4));
        if (begin >= end) {
            return;
        }
        ByteBuffer list = HostMemory.view(escapes + begin, Math.toIntExact(end - begin));
        while (list.remaining() >= Integer.BYTES) {
            int escape = list.getInt();
            int column = escape >>> 8;
            if (column < columns) { // else the list is damaged: digits are wrong, and no more
                target[column] = (short) ((escape << 8) | (target[column] & 0xff));
            }
        }
    }
}
