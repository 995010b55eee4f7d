/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import java.nio.ByteBuffer;

/**
 * The kernels in plain Java: the specification that every other implementation is tested against,
 * and the fallback where the native library does not load.
 *
 * <p>Rows are copied between memory and heap arrays, one view per row; the arrays of a call are its
 * only garbage. Thread-safe.
 */
public final class ReferenceKernels implements Kernels {

    /** Elements that elementwise operators take at a time; bounds the heap that a call takes. */
    private static final int ELEMENT_BLOCK = 1024;

    @Override
    public String name() {
        return "java";
    }

    @Override
    public void linear(
            long x,
            int rows,
            int in,
            long weight,
            int weightType,
            long bias,
            int biasType,
            long y,
            long yStride,
            int outBegin,
            int outEnd) {
        ReferenceProduct.WeightRow row =
                (o, target) ->
                        FloatRows.load(
                                weight + o * FloatRows.sizeBytes(weightType, in),
                                weightType,
                                target,
                                in);
        float[] offsets = loadOrZero(bias, biasType, outBegin, Math.max(0, outEnd - outBegin));
        ReferenceProduct.linear(x, rows, in, row, offsets, y, yStride, outBegin, outEnd);
    }

    @Override
    public void quantizeRows(long x, int rows, int in, long y) {
        ReferenceInt8.quantize(x, rows, in, y);
    }

    @Override
    public void linearInt8(
            long x,
            int rows,
            int in,
            long weight,
            int weightType,
            long bias,
            int biasType,
            long y,
            long yStride,
            int outBegin,
            int outEnd) {
        float[] offsets = loadOrZero(bias, biasType, outBegin, Math.max(0, outEnd - outBegin));
        ReferenceInt8.Weight blocks = new ReferenceInt8.Weight(weight, weightType);
        ReferenceInt8.linear(x, rows, in, blocks, offsets, y, yStride, outBegin, outEnd);
    }

    @Override
    public void linearScaled(
            long x,
            int rows,
            int in,
            long weight,
            long scales,
            long bias,
            int biasType,
            long y,
            long yStride,
            int outBegin,
            int outEnd) {
        ReferenceProduct.WeightRow row = ReferenceProduct.scaled(weight, scales, in);
        float[] offsets = loadOrZero(bias, biasType, outBegin, Math.max(0, outEnd - outBegin));
        ReferenceProduct.linear(x, rows, in, row, offsets, y, yStride, outBegin, outEnd);
    }

    @Override
    public void linearPacked(
            long x,
            int rows,
            int in,
            long weight,
            long escapes,
            int firstRow,
            long bias,
            int biasType,
            long y,
            long yStride,
            int outBegin,
            int outEnd) {
        ReferenceProduct.WeightRow row = ReferenceProduct.packed(weight, escapes, firstRow, in);
        float[] offsets = loadOrZero(bias, biasType, outBegin, Math.max(0, outEnd - outBegin));
        ReferenceProduct.linear(x, rows, in, row, offsets, y, yStride, outBegin, outEnd);
    }

    @Override
    public int roundedBytes() {
        return Float.BYTES;
    }

    @Override
    public void round(long x, long count, long y) {
        ReferenceProduct.round(x, count, y);
    }

    @Override
    public void linearRounded(
            long x,
            int rows,
            int in,
            long weight,
            long escapes,
            int firstRow,
            long bias,
            int biasType,
            long y,
            long yStride,
            int outBegin,
            int outEnd) {
        if (escapes == 0) {
            int type = DType.BF16.code();
            linear(x, rows, in, weight, type, bias, biasType, y, yStride, outBegin, outEnd);
        } else {
            linearPacked(
                    x, rows, in, weight, escapes, firstRow, bias, biasType, y, yStride, outBegin,
                    outEnd);
        }
    }

    @Override
    public void linearTransposed(
            long x,
            int rows,
            int in,
            int out,
            long weight,
            int weightType,
            long bias,
            int biasType,
            long y,
            int outBegin,
            int outEnd) {
        int outs = outEnd - outBegin;
        if (outs <= 0) {
            return;
        }
        float[] offsets = loadOrZero(bias, biasType, outBegin, outs);
        ReferenceProduct.Columns columns =
                (i, target) -> {
                    long row = weight + FloatRows.sizeBytes(weightType, (long) i * out + outBegin);
                    FloatRows.load(row, weightType, target, outs);
                };
        ReferenceProduct.transposed(x, rows, in, columns, offsets, y + 4L * outBegin, out);
    }

    private static float[] loadOrZero(long address, int type, int begin, int count) {
        float[] values = new float[count];
        if (address != 0) {
            FloatRows.load(address + FloatRows.sizeBytes(type, begin), type, values, count);
        }
        return values;
    }

    @Override
    public void rmsNorm(
            long x, int rows, int width, long weight, int weightType, float eps, long y) {
        float[] weights = new float[width];
        float[] row = new float[width];
        FloatRows.load(weight, weightType, weights, width);
        for (int r = 0; r < rows; r++) {
            FloatRows.load(x + 4L * r * width, row, width);
            double squares = 0;
            for (float value : row) {
                squares += (double) value * value;
            }
            float scale = (float) (1 / Math.sqrt(squares / width + eps));
            for (int i = 0; i < width; i++) {
                row[i] = row[i] * scale * weights[i];
            }
            FloatRows.store(row, y + 4L * r * width, width);
        }
    }

    @Override
    public void layerNorm(
            long x, int rows, int width, long weight, long bias, int type, float eps, long y) {
        float[] weights = new float[width];
        float[] offsets = loadOrZero(bias, type, 0, width);
        float[] row = new float[width];
        FloatRows.load(weight, type, weights, width);
        for (int r = 0; r < rows; r++) {
            FloatRows.load(x + 4L * r * width, row, width);
            double sum = 0;
            for (float value : row) {
                sum += value;
            }
            double mean = sum / width;
            double squares = 0;
            for (float value : row) {
                squares += (value - mean) * (value - mean);
            }
            double scale = 1 / Math.sqrt(squares / width + eps);
            for (int i = 0; i < width; i++) {
                row[i] = (float) ((row[i] - mean) * scale) * weights[i] + offsets[i];
            }
            FloatRows.store(row, y + 4L * r * width, width);
        }
    }

    @Override
    public void rope(
            long x,
            int rows,
            int heads,
            int headDim,
            int halfDim,
            long cos,
            long sin,
            int interleaved) {
        float[] cosines = new float[halfDim];
        float[] sines = new float[halfDim];
        float[] row = new float[heads * headDim];
        int step = interleaved == 1 ? 2 : 1;
        int partner = interleaved == 1 ? 1 : halfDim;
        for (int r = 0; r < rows; r++) {
            FloatRows.load(cos + 4L * r * halfDim, cosines, halfDim);
            FloatRows.load(sin + 4L * r * halfDim, sines, halfDim);
            FloatRows.load(x + 4L * r * row.length, row, row.length);
            for (int h = 0; h < heads; h++) {
                for (int i = 0; i < halfDim; i++) {
                    int first = h * headDim + i * step;
                    float a = row[first];
                    float b = row[first + partner];
                    row[first] = a * cosines[i] - b * sines[i];
                    row[first + partner] = b * cosines[i] + a * sines[i];
                }
            }
            FloatRows.store(row, x + 4L * r * row.length, row.length);
        }
    }

    @Override
    public void storeKv(
            long x,
            int rows,
            int kvHeads,
            int headDim,
            long targets,
            long offsetBytes,
            long headStrideBytes,
            int kvType) {
        float[] row = new float[kvHeads * headDim];
        ByteBuffer starts = HostMemory.view(targets, Math.multiplyExact(8, rows));
        for (int r = 0; r < rows; r++) {
            long target = starts.getLong(8 * r);
            if (target != 0) {
                FloatRows.load(x + 4L * r * row.length, row, row.length);
                for (int h = 0; h < kvHeads; h++) {
                    long head = target + offsetBytes + h * headStrideBytes;
                    FloatRows.store(row, h * headDim, head, kvType, headDim);
                }
            }
        }
    }

    @Override
    public void attention(
            long q,
            int heads,
            int kvHeads,
            int headDim,
            float scale,
            long rowSequence,
            long rowSlot,
            long pages,
            int maxPages,
            long layerOffsetBytes,
            long valueOffsetBytes,
            int pageTokens,
            int kvType,
            long mask,
            long maskStride,
            int window,
            long y,
            long itemBegin,
            long itemEnd) {
        ReferenceAttention attention = new ReferenceAttention(headDim, pageTokens);
        long headBytes = FloatRows.sizeBytes(kvType, (long) pageTokens * headDim);
        for (long item = itemBegin; item < itemEnd; item++) {
            long row = item / heads;
            long kvHead = item % heads / (heads / kvHeads);
            int sequence = HostMemory.view(rowSequence + 4 * row, 4).getInt(0);
            int slot = HostMemory.view(rowSlot + 4 * row, 4).getInt(0);
            int first = window > 0 ? Math.max(0, slot - window + 1) : 0;
            ByteBuffer seen =
                    mask == 0 ? null : HostMemory.view(mask + sequence * maskStride, slot + 1);
            attention.attend(
                    q + 4 * item * headDim,
                    scale,
                    new ReferenceAttention.Sight(first, slot, seen),
                    HostMemory.view(pages + 8L * sequence * maxPages, 8 * maxPages),
                    layerOffsetBytes + kvHead * headBytes,
                    valueOffsetBytes,
                    kvType,
                    y + 4 * item * headDim);
        }
    }

    @Override
    public void activate(int activation, long x, long count, long y) {
        float[] values = new float[ELEMENT_BLOCK];
        for (long begin = 0; begin < count; begin += ELEMENT_BLOCK) {
            int block = (int) Math.min(count - begin, ELEMENT_BLOCK);
            FloatRows.load(x + 4 * begin, values, block);
            for (int i = 0; i < block; i++) {
                values[i] = ReferenceActivation.apply(activation, values[i]);
            }
            FloatRows.store(values, y + 4 * begin, block);
        }
    }

    @Override
    public void activateMultiply(int activation, long gate, long up, long count, long y) {
        float[] values = new float[ELEMENT_BLOCK];
        float[] factors = new float[ELEMENT_BLOCK];
        for (long begin = 0; begin < count; begin += ELEMENT_BLOCK) {
            int block = (int) Math.min(count - begin, ELEMENT_BLOCK);
            FloatRows.load(gate + 4 * begin, values, block);
            FloatRows.load(up + 4 * begin, factors, block);
            for (int i = 0; i < block; i++) {
                values[i] = ReferenceActivation.apply(activation, values[i]) * factors[i];
            }
            FloatRows.store(values, y + 4 * begin, block);
        }
    }

    @Override
    public void add(long target, long x, long count) {
        float[] sums = new float[ELEMENT_BLOCK];
        float[] values = new float[ELEMENT_BLOCK];
        for (long begin = 0; begin < count; begin += ELEMENT_BLOCK) {
            int block = (int) Math.min(count - begin, ELEMENT_BLOCK);
            FloatRows.load(target + 4 * begin, sums, block);
            FloatRows.load(x + 4 * begin, values, block);
            for (int i = 0; i < block; i++) {
                sums[i] += values[i];
            }
            FloatRows.store(sums, target + 4 * begin, block);
        }
    }

    @Override
    public void top(long x, int count, int begin, int wanted, long values, long places) {
        ReferenceTop.find(x, count, begin, wanted, values, places);
    }

    @Override
    public void gather(long addresses, int rows, int width, int type, long y) {
        ReferenceGather.gather(addresses, rows, width, type, y);
    }

    @Override
    public void gatherPacked(
            long addresses, long numbers, long escapes, int rows, int width, long y) {
        ReferenceGather.gatherPacked(addresses, numbers, escapes, rows, width, y);
    }

    @Override
    public float probeRead(long from, long bytes) {
        return ReferenceProbe.read(from, bytes);
    }

    @Override
    public long probeFma(long rounds, long result) {
        return ReferenceProbe.fma(rounds, result);
    }
}
