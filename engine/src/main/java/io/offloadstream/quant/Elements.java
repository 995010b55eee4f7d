/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.quant;

import io.offloadstream.platform.DType;
import io.offloadstream.platform.HalfFloat;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Little-endian elements in heap arrays. */
final class Elements {

    private static final VarHandle FLOATS =
            MethodHandles.byteArrayViewVarHandle(float[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle SHORTS =
            MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);

    private Elements() {}

    /** Widens elements, exactly. */
    static void load(byte[] source, DType type, int offset, float[] target, int count) {
        switch (type) {
            case F32 -> {
                for (int i = 0; i < count; i++) {
                    target[i] = (float) FLOATS.get(source, offset + 4 * i);
                }
            }
            case F16 -> {
                for (int i = 0; i < count; i++) {
                    target[i] = HalfFloat.fromF16((short) SHORTS.get(source, offset + 2 * i));
                }
            }
            case BF16 -> {
                for (int i = 0; i < count; i++) {
                    target[i] = HalfFloat.fromBf16((short) SHORTS.get(source, offset + 2 * i));
                }
            }
            default -> throw new IllegalArgumentException("elements of " + type);
        }
    }

    static void putFloat(byte[] target, int offset, float value) {
        FLOATS.set(target, offset, value);
    }

    static void putShort(byte[] target, int offset, short value) {
        SHORTS.set(target, offset, value);
    }
}
