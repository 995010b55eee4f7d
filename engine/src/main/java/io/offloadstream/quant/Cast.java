/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.quant;

import io.offloadstream.platform.DType;
import io.offloadstream.platform.HalfFloat;

/** Rounds elements to another type, to nearest even. */
final class Cast implements RowConversion {

    private static final int STEP = 256;

    private final DType target;

    Cast(DType target) {
        if (!target.isComputable()) {
            throw new IllegalArgumentException("casts are to F32, F16 or BF16, not " + target);
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
        float[] values = new float[Math.min(STEP, count)];
        for (int begin = 0; begin < count; begin += STEP) {
            int step = Math.min(STEP, count - begin);
            Elements.load(source, type, sourceOffset + begin * type.sizeBytes(), values, step);
            store(values, step, out, targetOffset + begin * target.sizeBytes());
        }
    }

    private void store(float[] values, int count, byte[] out, int offset) {
        for (int i = 0; i < count; i++) {
            float value = values[i];
            if (target == DType.F32) {
                Elements.putFloat(out, offset + 4 * i, value);
                continue;
            }
            boolean half = target == DType.F16;
            short bits = half ? HalfFloat.toF16(value) : HalfFloat.toBf16(value);
            float rounded = half ? HalfFloat.fromF16(bits) : HalfFloat.fromBf16(bits);
            if (Float.isInfinite(rounded) && !Float.isInfinite(value)) {
                throw new ArithmeticException(value + " is beyond the largest " + target);
            }
            Elements.putShort(out, offset + 2 * i, bits);
        }
    }
}
