/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.quant;

import io.offloadstream.platform.DType;
import io.offloadstream.platform.PackedBf16;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Packs one BF16 tensor into {@link DType#BF16_PACKED} and its escapes, in the layout of {@link
 * PackedBf16}. The tensor passes by twice, in parts of any size:
 *
 * <ol>
 *   <li>{@link #count} all weights, then ask {@link #isWorthwhile} and the sizes;
 *   <li>{@link #pack} all rows in order, then {@link #writeEscapes}.
 * </ol>
 *
 * <p>Takes 4 bytes of heap for each row and each escape, which {@link #isWorthwhile} bounds at one
 * weight in {@value #LEAST_WEIGHTS_PER_ESCAPE}. Not thread-safe; of one tensor alone.
 */
public final class LosslessPacker {

    /**
     * Weights for each escape that make packing worth its while. Kernels decode a block with an
     * escape some ten times slower than one without; of 1.2 B to 8 B models the worst tensor has an
     * escape in 900 weights.
     */
    public static final int LEAST_WEIGHTS_PER_ESCAPE = 100;

    private static final int BYTE_VALUES = 256;

    /** Escapes are handed out in parts of at most this size. */
    private static final int PART_BYTES = 1 << 16;

    private final long rows;
    private final int columns;
    private final long[] histogram = new long[BYTE_VALUES];
    private long counted;

    /** The high byte of each code; null before the first row is packed. */
    private byte[] table;

    private final byte[] codes = new byte[BYTE_VALUES];
    private int[] rowEscapes;
    private int[] escapes;
    private int escapesFound;
    private long packedRows;

    /**
     * Constructs a packer that has seen nothing.
     *
     * @param shape of the tensor, one that {@link #takes}
     */
    public LosslessPacker(long[] shape) {
        if (!takes(DType.BF16, shape)) {
            throw new IllegalArgumentException(
                    "a tensor of shape "
                            + Arrays.toString(shape)
                            + " cannot be packed: it needs rows of a multiple of "
                            + PackedBf16.BLOCK
                            + " weights");
        }
        columns = (int) shape[shape.length - 1];
        rows = rows(shape);
    }

    /**
     * Tells whether a tensor can be packed at all: BF16, at least two dimensions, rows of whole
     * blocks.
     *
     * @param type of the tensor
     * @param shape of the tensor, outermost dimension first
     * @return true if it can; whether that makes it smaller shows when it has been counted
     */
    public static boolean takes(DType type, long[] shape) {
        if (type != DType.BF16 || shape.length < 2) {
            return false;
        }
        long columns = shape[shape.length - 1];
        long rows = rows(shape);
        return columns > 0
                && columns % PackedBf16.BLOCK == 0
                && columns <= PackedBf16.MOST_COLUMNS
                && rows > 0
                && rows < Integer.MAX_VALUE;
    }

    private static long rows(long[] shape) {
        return Arrays.stream(shape, 0, shape.length - 1).reduce(1, Math::multiplyExact);
    }

    /**
     * Counts weights, the first time that they pass by.
     *
     * @param weights whole BF16 weights, taken from its position to its limit
     */
    public void count(ByteBuffer weights) {
        byte[] part = new byte[PART_BYTES];
        while (weights.hasRemaining()) {
            int length = Math.min(part.length, weights.remaining());
            weights.get(part, 0, length);
            for (int i = 1; i < length; i += 2) {
                histogram[part[i] & 0xff]++;
            }
            counted += length / 2;
        }
    }

    private void requireCounted() {
        if (counted != rows * columns) {
            throw new IllegalStateException(
                    counted + " weights were counted of " + rows * columns + "; count them all");
        }
    }

    /** High bytes, the most frequent first, of equal ones the smaller. */
    private Integer[] byFrequency() {
        Integer[] order = new Integer[BYTE_VALUES];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, (a, b) -> Long.compare(histogram[b], histogram[a]));
        return order;
    }

    /**
     * Returns how many weights have no code, once all are counted.
     *
     * @return escapes
     */
    public long escapeCount() {
        requireCounted();
        long coded = 0;
        Integer[] order = byFrequency();
        for (int code = 0; code < PackedBf16.ESCAPE; code++) {
            coded += histogram[order[code]];
        }
        return counted - coded;
    }

    /**
     * Returns the size of the packed rows.
     *
     * @return bytes, three quarters of the BF16 ones
     */
    public long packedBytes() {
        return rows * DType.BF16_PACKED.bytes(columns);
    }

    /**
     * Returns the size of the escapes, once all weights are counted.
     *
     * @return bytes
     */
    public long escapesBytes() {
        return PackedBf16.escapesBytes(rows, escapeCount());
    }

    /**
     * Tells whether the tensor becomes smaller and kernels have few escapes to follow, once all
     * weights are counted.
     *
     * @return false if it had better stay BF16
     */
    public boolean isWorthwhile() {
        long plainBytes = 2 * rows * columns;
        return escapeCount() <= counted / LEAST_WEIGHTS_PER_ESCAPE
                && packedBytes() + escapesBytes() < plainBytes
                && escapesBytes() < 1L << Integer.SIZE;
    }

    /** Fixes the codes. */
    private void begin() {
        if (!isWorthwhile()) {
            throw new IllegalStateException(
                    "packing is not worth its while: " + escapeCount() + " escapes of " + counted);
        }
        Integer[] order = byFrequency();
        byte[] highs = new byte[PackedBf16.TABLE_BYTES];
        Arrays.fill(codes, (byte) PackedBf16.ESCAPE);
        for (int code = 0; code < PackedBf16.ESCAPE; code++) {
            highs[code] = order[code].byteValue();
            codes[order[code]] = (byte) code;
        }
        rowEscapes = new int[(int) rows];
        escapes = new int[Math.toIntExact(escapeCount())];
        table = highs;
    }

    /**
     * Packs rows, the second time that they pass by, in order.
     *
     * @param weights whole rows of BF16 weights, taken from its position to its limit
     * @param target receives as many packed rows at its position
     */
    public void pack(ByteBuffer weights, ByteBuffer target) {
        if (table == null) {
            begin();
        }
        byte[] row = new byte[2 * columns];
        byte[] packed = new byte[(int) DType.BF16_PACKED.bytes(columns)];
        while (weights.hasRemaining()) {
            if (packedRows == rows) {
                throw new IllegalStateException("more rows than the " + rows + " of the tensor");
            }
            weights.get(row);
            int before = escapesFound;
            for (int begin = 0; begin < columns; begin += PackedBf16.BLOCK) {
                packBlock(row, begin, packed, begin / PackedBf16.BLOCK * PackedBf16.BLOCK_BYTES);
            }
            rowEscapes[(int) packedRows++] = escapesFound - before;
            target.put(packed);
        }
    }

    private void packBlock(byte[] row, int begin, byte[] packed, int block) {
        for (int i = 0; i < PackedBf16.BLOCK; i++) {
            int high = row[2 * (begin + i) + 1] & 0xff;
            int code = codes[high];
            if (code == PackedBf16.ESCAPE) {
                if (escapesFound == escapes.length) {
                    throw new IllegalStateException("other weights than were counted");
                }
                escapes[escapesFound++] = ((begin + i) << 8) | high;
            }
            int place = block + PackedBf16.place(i);
            if (PackedBf16.isUpper(i)) {
                packed[place] |= (byte) (code << 4);
                packed[place + 32] = row[2 * (begin + i)];
            } else {
                packed[place] = (byte) code;
                packed[place + 16] = row[2 * (begin + i)];
            }
        }
    }

    /** Takes bytes. */
    @FunctionalInterface
    public interface Sink {

        /**
         * Takes some more.
         *
         * @param bytes from its position to its limit, valid until this returns
         * @throws IOException if they cannot be written
         */
        void write(ByteBuffer bytes) throws IOException;
    }

    /**
     * Hands out the escapes, once all rows are packed.
     *
     * @param sink receives {@link #escapesBytes} in parts, in order
     * @throws IOException if the sink throws it
     */
    public void writeEscapes(Sink sink) throws IOException {
        if (packedRows != rows || escapesFound != escapes.length) {
            throw new IllegalStateException(
                    packedRows
                            + " rows were packed of "
                            + rows
                            + "; pack them all, as they were counted");
        }
        ByteBuffer part = ByteBuffer.allocate(PART_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        part.put(table);
        long begin = PackedBf16.escapesBytes(rows, 0);
        for (int count : rowEscapes) {
            put(part, (int) begin, sink);
            begin += 4L * count;
        }
        put(part, (int) begin, sink);
        for (int escape : escapes) {
            put(part, escape, sink);
        }
        sink.write(part.flip());
    }

    private static void put(ByteBuffer part, int value, Sink sink) throws IOException {
        if (part.remaining() < Integer.BYTES) {
            sink.write(part.flip());
            part.clear();
        }
        part.putInt(value);
    }
}
