/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import java.nio.ByteBuffer;

/**
 * {@link Kernels#quantizeRows} and {@link Kernels#linearInt8} of the reference. Here a row has the
 * elements of all its blocks in their order, then their scales.
 */
final class ReferenceInt8 {

    private static final int BLOCK = 32;

    private static final int MOST = 127;

    /** Below this the largest magnitude of a block counts as 0: its inverse would overflow. */
    private static final float LEAST_MAGNITUDE = 0x1p-110f;

    private ReferenceInt8() {}

    /**
     * A weight in blocks.
     *
     * @param address of row 0
     * @param type Q8_0 or Q4_0
     */
    record Weight(long address, int type) {

        /** Loads a row: elements as integers, and the scale of each block. */
        void load(long row, int in, int[] quants, float[] scales) {
            int sizeBytes = Math.toIntExact(FloatRows.sizeBytes(type, in));
            int blockBytes = Math.toIntExact(FloatRows.sizeBytes(type, BLOCK));
            ByteBuffer bytes = HostMemory.view(address + row * sizeBytes, sizeBytes);
            boolean four = type == DType.Q4_0.code();
            for (int i = 0; i < in; i++) {
                int begin = i / BLOCK * blockBytes;
                int pair = bytes.get(begin + 2 + (four ? i % (BLOCK / 2) : i % BLOCK));
                int quant = i % BLOCK < BLOCK / 2 ? pair & 15 : pair >> 4 & 15;
                quants[i] = four ? quant - 8 : pair;
                scales[i / BLOCK] = HalfFloat.fromF16(bytes.getShort(begin));
            }
        }
    }

    static void quantize(long x, int rows, int in, long y) {
        float[] values = new float[in];
        long rowBytes = Int8Rows.sizeBytes(in);
        for (int r = 0; r < rows; r++) {
            FloatRows.load(x + 4L * r * in, values, in);
            ByteBuffer target = HostMemory.view(y + r * rowBytes, Math.toIntExact(rowBytes));
            for (int begin = 0; begin < in; begin += BLOCK) {
                float most = 0;
                boolean finite = true;
                for (int i = begin; i < begin + BLOCK; i++) {
                    most = Math.max(most, Math.abs(values[i]));
                    finite &= Float.isFinite(values[i]);
                }
                boolean zeros = !finite || most < LEAST_MAGNITUDE;
                float inverse = zeros ? 0 : MOST / most;
                for (int i = begin; i < begin + BLOCK; i++) {
                    target.put(i, zeros ? 0 : (byte) Math.rint(values[i] * inverse));
                }
                float scale = zeros ? 0 : most / MOST;
                target.putFloat(in + begin / BLOCK * 4, finite ? scale : Float.NaN);
            }
        }
    }

    static void linear(
            long x,
            int rows,
            int in,
            Weight weight,
            float[] offsets,
            long y,
            long yStride,
            int outBegin,
            int outEnd) {
        int[] quants = new int[in];
        float[] scales = new float[in / BLOCK];
        long rowBytes = Int8Rows.sizeBytes(in);
        for (int o = outBegin; o < outEnd; o++) {
            weight.load(o, in, quants, scales);
            for (int r = 0; r < rows; r++) {
                ByteBuffer row = HostMemory.view(x + r * rowBytes, Math.toIntExact(rowBytes));
                float sum = 0;
                for (int b = 0; b < scales.length; b++) {
                    int dot = 0;
                    for (int i = b * BLOCK; i < (b + 1) * BLOCK; i++) {
                        dot += quants[i] * row.get(i);
                    }
                    sum += dot * (scales[b] * row.getFloat(in + 4 * b));
                }
                HostMemory.view(y + 4 * (r * yStride + o), 4)
                        .putFloat(0, sum + offsets[o - outBegin]);
            }
        }
    }
}
