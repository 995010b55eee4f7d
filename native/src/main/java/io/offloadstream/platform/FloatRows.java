/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import java.nio.ByteBuffer;

/**
 * Rows of floats in memory, read into and written from heap arrays with one view per row. Any
 * alignment; types F32, F16 and BF16 by {@link DType#code()}.
 */
final class FloatRows {

    private FloatRows() {}

    static long sizeBytes(int type, long count) {
        return type == DType.F32.code() ? 4 * count : 2 * count;
    }

    static void load(long address, float[] target, int count) {
        load(address, DType.F32.code(), target, count);
    }

    static void load(long address, int type, float[] target, int count) {
        ByteBuffer bytes = HostMemory.view(address, Math.toIntExact(sizeBytes(type, count)));
        if (type == DType.F32.code()) {
            bytes.asFloatBuffer().get(target, 0, count);
        } else if (type == DType.BF16.code()) {
            for (int i = 0; i < count; i++) {
                target[i] = HalfFloat.fromBf16(bytes.getShort(2 * i));
            }
        } else if (type == DType.F16.code()) {
            for (int i = 0; i < count; i++) {
                target[i] = HalfFloat.fromF16(bytes.getShort(2 * i));
            }
        } else {
            throw unknown(type);
        }
    }

    static void store(float[] source, long address, int count) {
        store(source, 0, address, DType.F32.code(), count);
    }

    static void store(float[] source, int offset, long address, int type, int count) {
        ByteBuffer bytes = HostMemory.view(address, Math.toIntExact(sizeBytes(type, count)));
        if (type == DType.F32.code()) {
            bytes.asFloatBuffer().put(source, offset, count);
        } else if (type == DType.BF16.code()) {
            for (int i = 0; i < count; i++) {
                bytes.putShort(2 * i, HalfFloat.toBf16(source[offset + i]));
            }
        } else if (type == DType.F16.code()) {
            for (int i = 0; i < count; i++) {
                bytes.putShort(2 * i, HalfFloat.toF16(source[offset + i]));
            }
        } else {
            throw unknown(type);
        }
    }

    private static IllegalArgumentException unknown(int type) {
        return new IllegalArgumentException(
                "dtype code " + type + " is not one that kernels take; they take F32, F16, BF16");
    }
}
