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

    private static final DType[] KNOWN = {
        DType.F32, DType.F16, DType.BF16, DType.F8_E4M3, DType.Q8_0, DType.Q4_0
    };

    private FloatRows() {}

    static long sizeBytes(int type, long count) {
        for (DType known : KNOWN) {
            if (known.code() == type) {
                return known.bytes(count);
            }
        }
        throw unknown(type);
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
        } else if (type == DType.F8_E4M3.code()) {
            for (int i = 0; i < count; i++) {
                target[i] = HalfFloat.fromE4m3(bytes.get(i));
            }
        } else if (type == DType.Q8_0.code()) {
            loadQ8(bytes, target, count);
        } else {
            loadQ4(bytes, target, count);
        }
    }

    private static void loadQ8(ByteBuffer bytes, float[] target, int count) {
        for (int i = 0; i < count; i++) {
            int block = Math.toIntExact(DType.Q8_0.bytes(i));
            float scale = HalfFloat.fromF16(bytes.getShort(block));
            target[i] = scale * bytes.get(block + 2 + i % DType.Q8_0.blockElements());
        }
    }

    private static void loadQ4(ByteBuffer bytes, float[] target, int count) {
        int half = DType.Q4_0.blockElements() / 2;
        for (int i = 0; i < count; i++) {
            int block = Math.toIntExact(DType.Q4_0.bytes(i));
            float scale = HalfFloat.fromF16(bytes.getShort(block));
            int pair = bytes.get(block + 2 + i % half);
            int quant = i / half % 2 == 0 ? pair & 15 : pair >> 4 & 15;
            target[i] = scale * (quant - 8);
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
                "dtype code " + type + " is not one that this kernel takes");
    }
}
