/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.quant;

import io.offloadstream.platform.DType;
import io.offloadstream.platform.HalfFloat;

/**
 * Quantises rows to Q8_0 or Q4_0, with the bytes that ggml's reference quantisers make: {@code
 * quantize_row_q8_0_ref}, {@code quantize_row_q4_0_ref} (ggml-quants.c), {@code gguf/quants.py}.
 */
final class Blocks implements RowConversion {

    private static final int BLOCK = 32;

    private final DType target;

    /**
     * Chooses the blocks.
     *
     * @param target Q8_0 or Q4_0
     */
    Blocks(DType target) {
        if (target != DType.Q8_0 && target != DType.Q4_0) {
            throw new IllegalArgumentException("blocks are Q8_0 or Q4_0, not " + target);
        }
        this.target = target;
    }

    @Override
    public DType target() {
        return target;
    }

    @Override
    public void convert(
            byte[] source, DType type, int sourceOffset, int count, byte[] out, int targetOffset) {
        float[] values = new float[BLOCK];
        int blockBytes = Math.toIntExact(target.bytes(BLOCK));
        int from = sourceOffset;
        int to = targetOffset;
        for (int done = 0; done < count; done += BLOCK) {
            Elements.load(source, type, from, values, BLOCK);
            if (target == DType.Q8_0) {
                q8(values, out, to);
            } else {
                q4(values, out, to);
            }
            from += BLOCK * type.sizeBytes();
            to += blockBytes;
        }
    }

    /** The largest magnitude becomes 127; halves are rounded away from zero. */
    private static void q8(float[] values, byte[] out, int offset) {
        float most = 0;
        for (float value : values) {
            most = Math.max(most, Math.abs(value)); // NaN stays
        }
        float scale = most / 127;
        putScale(out, offset, scale, most);
        float inverse = inverse(scale);
        for (int i = 0; i < BLOCK; i++) {
            float scaled = values[i] * inverse;
            float magnitude = Math.abs(scaled);
            int whole = (int) magnitude;
            int rounded = magnitude - whole >= 0.5f ? whole + 1 : whole;
            out[offset + 2 + i] = (byte) (scaled < 0 ? -rounded : rounded);
        }
    }

    /** The value of the largest magnitude becomes -8, so that one side has a code more. */
    private static void q4(float[] values, byte[] out, int offset) {
        float most = 0;
        float extreme = 0;
        for (float value : values) {
            float magnitude = Math.abs(value);
            if (magnitude > most) {
                most = magnitude;
                extreme = value;
            } else if (Float.isNaN(value)) {
                most = value;
                extreme = value;
                break;
            }
        }
        float scale = extreme / -8;
        putScale(out, offset, scale, most);
        double inverse = inverse(scale);
        for (int j = 0; j < BLOCK / 2; j++) {
            int low = nibble(values[j], inverse);
            int high = nibble(values[j + BLOCK / 2], inverse);
            out[offset + 2 + j] = (byte) (low | high << 4);
        }
    }

    /** The reference rounds once, as a fused multiply-add does: a double holds the product. */
    private static int nibble(float value, double inverse) {
        return Math.min(15, (int) (float) (value * inverse + 8.5));
    }

    /** 0 where the inverse is not finite: the stored scale is 0 then, whatever the quants are. */
    private static float inverse(float scale) {
        float inverse = 1 / scale;
        return Float.isInfinite(inverse) ? 0 : inverse;
    }

    private static void putScale(byte[] out, int offset, float scale, float most) {
        short bits = HalfFloat.toF16(scale);
        if (!Float.isFinite(HalfFloat.fromF16(bits))) {
            throw new ArithmeticException(most + " is too large for a float16 scale, or no number");
        }
        Elements.putShort(out, offset, bits);
    }
}
