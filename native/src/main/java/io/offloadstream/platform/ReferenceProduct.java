/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;

/** The products of the reference, whatever the weights are stored as. */
final class ReferenceProduct {

    /** Rows that share one conversion of a weight row; bounds the heap that a call takes. */
    private static final int ROW_BLOCK = 16;

    /** Rows and columns of a float8 weight that share a scale. */
    private static final int SCALE_BLOCK = 128;

    private ReferenceProduct() {}

    /** Gives the row of an output as float32. */
    @FunctionalInterface
    interface WeightRow {
        void load(int out, float[] target);
    }

    /** Gives some columns of a row of a weight stored (in, out) as float32. */
    @FunctionalInterface
    interface Columns {
        void load(int in, float[] target);
    }

    /**
     * Multiplies by a weight stored (in, out).
     *
     * @param offsets bias of the columns
     * @param y where the first of the columns goes in row 0
     */
    static void transposed(
            long x, int rows, int in, Columns columns, float[] offsets, long y, long yStride) {
        int outs = offsets.length;
        float[] weights = new float[outs];
        float[] inputs = new float[Math.min(rows, ROW_BLOCK) * in];
        float[] sums = new float[Math.min(rows, ROW_BLOCK) * outs];
        for (int begin = 0; begin < rows; begin += ROW_BLOCK) {
            int block = Math.min(rows - begin, ROW_BLOCK);
            FloatRows.load(x + 4L * begin * in, inputs, block * in);
            Arrays.fill(sums, 0f);
            for (int i = 0; i < in; i++) {
                columns.load(i, weights);
                for (int r = 0; r < block; r++) {
                    float input = inputs[r * in + i];
                    for (int o = 0; o < outs; o++) {
                        sums[r * outs + o] += input * weights[o];
                    }
                }
            }
            for (int r = 0; r < block; r++) {
                for (int o = 0; o < outs; o++) {
                    sums[r * outs + o] += offsets[o];
                }
                FloatRows.store(
                        sums, r * outs, y + 4L * (begin + r) * yStride, DType.F32.code(), outs);
            }
        }
    }

    /**
     * Multiplies.
     *
     * @param offsets bias of the outputs from outBegin
     */
    static void linear(
            long x,
            int rows,
            int in,
            WeightRow row,
            float[] offsets,
            long y,
            long yStride,
            int outBegin,
            int outEnd) {
        int outs = outEnd - outBegin;
        if (outs <= 0) {
            return;
        }
        float[] weights = new float[in];
        float[] inputs = new float[Math.min(rows, ROW_BLOCK) * in];
        for (int begin = 0; begin < rows; begin += ROW_BLOCK) {
            int block = Math.min(rows - begin, ROW_BLOCK);
            FloatRows.load(x + 4L * begin * in, inputs, block * in);
            ByteBuffer[] results = new ByteBuffer[block];
            for (int r = 0; r < block; r++) {
                results[r] = HostMemory.view(y + 4 * ((begin + r) * yStride + outBegin), 4 * outs);
            }
            for (int o = 0; o < outs; o++) {
                row.load(outBegin + o, weights);
                for (int r = 0; r < block; r++) {
                    results[r].putFloat(4 * o, dot(inputs, r * in, weights, in) + offsets[o]);
                }
            }
        }
    }

    /** Rounds to bfloat16, which stays float32. */
    static void round(long x, long count, long y) {
        FloatBuffer source = HostMemory.view(x, Math.toIntExact(4 * count)).asFloatBuffer();
        FloatBuffer target = HostMemory.view(y, Math.toIntExact(4 * count)).asFloatBuffer();
        for (int i = 0; i < count; i++) {
            target.put(i, HalfFloat.fromBf16(HalfFloat.toBf16(source.get(i))));
        }
    }

    /** Sums in eight interleaved parts, so that the additions need not wait for each other. */
    static float dot(float[] x, int offset, float[] w, int count) {
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        float s4 = 0;
        float s5 = 0;
        float s6 = 0;
        float s7 = 0;
        int i = 0;
        for (; i + 8 <= count; i += 8) {
            s0 += x[offset + i] * w[i];
            s1 += x[offset + i + 1] * w[i + 1];
            s2 += x[offset + i + 2] * w[i + 2];
            s3 += x[offset + i + 3] * w[i + 3];
            s4 += x[offset + i + 4] * w[i + 4];
            s5 += x[offset + i + 5] * w[i + 5];
            s6 += x[offset + i + 6] * w[i + 6];
            s7 += x[offset + i + 7] * w[i + 7];
        }
        float rest = 0;
        for (; i < count; i++) {
            rest += x[offset + i] * w[i];
        }
        return (((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))) + rest;
    }

    /** The rows of a losslessly packed weight, the first of which has a number of its own. */
    static WeightRow packed(long weight, long escapes, int firstRow, int in) {
        short[] bits = new short[in];
        return (o, target) -> {
            long address = weight + o * DType.BF16_PACKED.bytes(in);
            PackedBf16.load(address, escapes, firstRow + o, bits, in);
            for (int i = 0; i < in; i++) {
                target[i] = HalfFloat.fromBf16(bits[i]);
            }
        };
    }

    /** The rows of a float8 weight, times their scales. */
    static WeightRow scaled(long weight, long scales, int in) {
        float[] factors = new float[(in + SCALE_BLOCK - 1) / SCALE_BLOCK];
        return (o, target) -> {
            FloatRows.load(weight + (long) o * in, DType.F8_E4M3.code(), target, in);
            long line = o / SCALE_BLOCK;
            FloatRows.load(scales + 4 * line * factors.length, factors, factors.length);
            for (int i = 0; i < in; i++) {
                target[i] *= factors[i / SCALE_BLOCK];
            }
        };
    }
}
