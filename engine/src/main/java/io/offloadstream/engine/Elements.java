/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import ai.djl.ndarray.types.DataType;
import ai.djl.util.Float16Utils;
import java.nio.ByteBuffer;

/**
 * Reads and writes the elements of a buffer, whatever their type, as doubles or longs.
 *
 * <p>A double holds every value of the types up to 53 bits, and sum, difference, product, quotient
 * and root of float32 values computed in double and rounded once are those of float32 arithmetic.
 * 64-bit integers go through the long methods.
 */
final class Elements {

    private final DataType type;
    private final ByteBuffer bytes;

    Elements(DataType type, ByteBuffer bytes) {
        this.type = type;
        this.bytes = bytes;
    }

    DataType type() {
        return type;
    }

    double real(int index) {
        switch (type) {
            case FLOAT32 -> {
                return bytes.getFloat(4 * index);
            }
            case FLOAT64 -> {
                return bytes.getDouble(8 * index);
            }
            case FLOAT16 -> {
                return Float16Utils.halfToFloat(bytes.getShort(2 * index));
            }
            case BFLOAT16 -> {
                return Float.intBitsToFloat(bytes.getShort(2 * index) << 16);
            }
            case UINT64 -> {
                long bits = bytes.getLong(8 * index);
                // the halved value with its last bit kept rounds as the whole one does
                return bits >= 0 ? bits : 2.0 * ((bits >>> 1) | (bits & 1));
            }
            default -> {
                return whole(index);
            }
        }
    }

    long whole(int index) {
        switch (type) {
            case INT64, UINT64 -> {
                return bytes.getLong(8 * index);
            }
            case INT32 -> {
                return bytes.getInt(4 * index);
            }
            case UINT32 -> {
                return Integer.toUnsignedLong(bytes.getInt(4 * index));
            }
            case INT16 -> {
                return bytes.getShort(2 * index);
            }
            case UINT16 -> {
                return Short.toUnsignedLong(bytes.getShort(2 * index));
            }
            case INT8 -> {
                return bytes.get(index);
            }
            case UINT8 -> {
                return Byte.toUnsignedLong(bytes.get(index));
            }
            case BOOLEAN -> {
                return bytes.get(index) == 0 ? 0 : 1;
            }
            default -> {
                return (long) real(index);
            }
        }
    }

    void setReal(int index, double value) {
        switch (type) {
            case FLOAT32 -> bytes.putFloat(4 * index, (float) value);
            case FLOAT64 -> bytes.putDouble(8 * index, value);
            case FLOAT16 -> bytes.putShort(2 * index, Rounding.toFloat16(value));
            case BFLOAT16 -> bytes.putShort(2 * index, Rounding.toBfloat16(value));
            case BOOLEAN -> bytes.put(index, (byte) (value == 0 ? 0 : 1));
            default -> setWhole(index, (long) value);
        }
    }

    void setWhole(int index, long value) {
        switch (type) {
            case INT64, UINT64 -> bytes.putLong(8 * index, value);
            case INT32, UINT32 -> bytes.putInt(4 * index, (int) value);
            case INT16, UINT16 -> bytes.putShort(2 * index, (short) value);
            case INT8, UINT8 -> bytes.put(index, (byte) value);
            case BOOLEAN -> bytes.put(index, (byte) (value == 0 ? 0 : 1));
            default -> setReal(index, (double) value);
        }
    }

    /** Copies elements, converting between types. */
    void set(int index, Elements source, int sourceIndex) {
        if (source.type.isFloating()) {
            setReal(index, source.real(sourceIndex));
        } else if (type.isFloating()) {
            setReal(index, source.real(sourceIndex));
        } else {
            setWhole(index, source.whole(sourceIndex));
        }
    }

    /** Copies an element of the same type. */
    void copy(int index, Elements source, int sourceIndex) {
        switch (type.getNumOfBytes()) {
            case 8 -> bytes.putLong(8 * index, source.bytes.getLong(8 * sourceIndex));
            case 4 -> bytes.putInt(4 * index, source.bytes.getInt(4 * sourceIndex));
            case 2 -> bytes.putShort(2 * index, source.bytes.getShort(2 * sourceIndex));
            default -> bytes.put(index, source.bytes.get(sourceIndex));
        }
    }

    /** Copies neighbouring elements of the same type. */
    void copy(int index, Elements source, int sourceIndex, int count) {
        if (bytes.order() != source.bytes.order()) {
            for (int i = 0; i < count; i++) {
                copy(index + i, source, sourceIndex + i);
            }
            return;
        }
        int size = type.getNumOfBytes();
        bytes.put(size * index, source.bytes, size * sourceIndex, size * count);
    }
}
