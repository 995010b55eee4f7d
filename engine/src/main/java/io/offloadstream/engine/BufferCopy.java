/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import ai.djl.ndarray.types.DataType;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;

/** Copies a Java buffer of any kind into an array. */
final class BufferCopy {

    private BufferCopy() {}

    /**
     * Copies a buffer from its position on. Its position does not change.
     *
     * @param source bytes in their own byte order and of the array's type; or, in a typed buffer,
     *     numbers: shorts are the bits of 16-bit floating point where the array is of such a type
     * @param type of the array
     * @param target elements of the array
     * @param count how many elements it has: what is copied; more is left alone
     */
    static void copy(Buffer source, DataType type, Elements target, int count) {
        boolean bytes = source instanceof ByteBuffer;
        long needed = bytes ? (long) count * type.getNumOfBytes() : count;
        if (source.remaining() < needed) {
            throw new IllegalArgumentException(
                    "a buffer of "
                            + source.remaining()
                            + (bytes ? " bytes" : " elements")
                            + " for an array of "
                            + count
                            + " "
                            + type
                            + ", which takes "
                            + needed
                            + "");
        }
        Elements elements = new Elements(typeOf(source, type), asBytes(source));
        StridedView all = StridedView.dense(count);
        StridedLoop.copy(elements, all, target, all);
    }

    private static DataType typeOf(Buffer source, DataType type) {
        if (source instanceof ByteBuffer) {
            return type;
        } else if (source instanceof FloatBuffer) {
            return DataType.FLOAT32;
        } else if (source instanceof DoubleBuffer) {
            return DataType.FLOAT64;
        } else if (source instanceof LongBuffer) {
            return type == DataType.UINT64 ? type : DataType.INT64;
        } else if (source instanceof IntBuffer) {
            return type == DataType.UINT32 ? type : DataType.INT32;
        } else if (source instanceof ShortBuffer) {
            return type.getNumOfBytes() == 2 ? type : DataType.INT16;
        }
        throw new IllegalArgumentException(
                "buffer " + source.getClass().getSimpleName() + " does not hold numbers");
    }

    private static ByteBuffer asBytes(Buffer source) {
        if (source instanceof ByteBuffer whole) {
            return whole.slice().order(whole.order());
        }
        if (source instanceof FloatBuffer floats) {
            ByteBuffer bytes = heap(4, source);
            bytes.asFloatBuffer().put(floats.duplicate());
            return bytes;
        } else if (source instanceof DoubleBuffer doubles) {
            ByteBuffer bytes = heap(8, source);
            bytes.asDoubleBuffer().put(doubles.duplicate());
            return bytes;
        } else if (source instanceof LongBuffer longs) {
            ByteBuffer bytes = heap(8, source);
            bytes.asLongBuffer().put(longs.duplicate());
            return bytes;
        } else if (source instanceof IntBuffer ints) {
            ByteBuffer bytes = heap(4, source);
            bytes.asIntBuffer().put(ints.duplicate());
            return bytes;
        }
        ByteBuffer bytes = heap(2, source);
        bytes.asShortBuffer().put(((ShortBuffer) source).duplicate());
        return bytes;
    }

    private static ByteBuffer heap(int elementBytes, Buffer source) {
        return ByteBuffer.allocate(Math.multiplyExact(elementBytes, source.remaining()))
                .order(ByteOrder.nativeOrder());
    }
}
