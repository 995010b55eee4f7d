/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;

/** A table of BF16 weights, as it is and losslessly packed, encoded in the plainest way. */
final class PackedData {

    private static final short[] SPECIAL = {
        0,
        (short) 0x8000, // minus zero
        0x7f80, // infinity
        (short) 0xff80,
        0x7fc1, // NaN with a payload
        (short) 0xffa5, // signalling NaN
        0x0001, // subnormal
        (short) 0x8073
    };

    final int rows;
    final int columns;
    final long plain;
    final long packed;
    final long escapes;
    final int escapeCount;

    /**
     * Encodes random weights.
     *
     * @param oddOnceIn one weight in so many is not of the usual size
     * @param finite whether those that are not are finite all the same
     */
    PackedData(KernelData data, int rows, int columns, int oddOnceIn, boolean finite) {
        this.rows = rows;
        this.columns = columns;
        short[] weights = weights(data.random, rows * columns, oddOnceIn, finite);
        plain = data.zeros(2L * rows * columns, data.random.nextInt(5));
        HostMemory.view(plain, 2 * rows * columns).asShortBuffer().put(weights);

        int[] codes = codes(weights);
        int packedBytes = Math.toIntExact(DType.BF16_PACKED.bytes((long) rows * columns));
        packed = data.zeros(packedBytes, data.random.nextInt(5));
        escapeCount = encode(weights, codes, HostMemory.view(packed, packedBytes), null);
        int escapesBytes = (int) PackedBf16.escapesBytes(rows, escapeCount);
        escapes = data.zeros(escapesBytes, data.random.nextInt(5));
        ByteBuffer list = HostMemory.view(escapes, escapesBytes);
        for (int high = 0; high < codes.length; high++) {
            if (codes[high] != PackedBf16.ESCAPE) {
                list.put(codes[high], (byte) high);
            }
        }
        encode(weights, codes, null, list);
    }

    private static short[] weights(Random random, int count, int oddOnceIn, boolean finite) {
        short[] weights = new short[count];
        for (int i = 0; i < count; i++) {
            weights[i] = HalfFloat.toBf16((float) random.nextGaussian());
            if (random.nextInt(oddOnceIn) == 0) {
                int kind = random.nextInt(3);
                if (kind == 0 && !finite) {
                    weights[i] = SPECIAL[random.nextInt(SPECIAL.length)];
                } else {
                    double size = kind == 1 ? Math.pow(2, -120 - random.nextInt(13)) : 1e-9;
                    weights[i] = HalfFloat.toBf16((float) (random.nextGaussian() * size));
                }
            }
        }
        return weights;
    }

    /** The code of each high byte. */
    private static int[] codes(short[] weights) {
        int[] counts = new int[256];
        for (short weight : weights) {
            counts[weight >> 8 & 0xff]++;
        }
        Integer[] order = new Integer[256];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, (a, b) -> counts[b] - counts[a]);
        int[] codes = new int[256];
        Arrays.fill(codes, PackedBf16.ESCAPE);
        for (int code = 0; code < PackedBf16.ESCAPE; code++) {
            codes[order[code]] = code;
        }
        return codes;
    }

    /** Writes blocks, or index and list of escapes; returns how many there are. */
    private int encode(short[] weights, int[] codes, ByteBuffer blocks, ByteBuffer list) {
        int found = 0;
        int first = (int) PackedBf16.escapesBytes(rows, 0);
        for (int r = 0; r < rows; r++) {
            if (list != null) {
                list.putInt(16 + 4 * r, first + 4 * found);
            }
            for (int c = 0; c < columns; c++) {
                int at = r * columns + c;
                int high = weights[at] >> 8 & 0xff;
                if (codes[high] == PackedBf16.ESCAPE) {
                    if (list != null) {
                        list.putInt(first + 4 * found, c << 8 | high);
                    }
                    found++;
                }
                if (blocks != null) {
                    int block = at / 32 * 48;
                    int of8 = c % 32 / 8;
                    int of4 = c % 4;
                    int half = c % 8 / 4;
                    int codeAt = block + 4 * of8 + of4;
                    blocks.put(codeAt, (byte) (blocks.get(codeAt) | (codes[high] << (4 * half))));
                    blocks.put(block + 16 + 16 * half + 4 * of8 + of4, (byte) weights[at]);
                }
            }
        }
        if (list != null) {
            list.putInt(16 + 4 * rows, first + 4 * found);
        }
        return found;
    }

    /** Where a row of the packed table starts. */
    long row(int row) {
        return packed + DType.BF16_PACKED.bytes((long) row * columns);
    }
}
