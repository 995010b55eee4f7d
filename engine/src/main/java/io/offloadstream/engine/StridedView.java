/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import ai.djl.ndarray.types.Shape;
import java.util.Arrays;

/**
 * How the elements of a buffer are walked as an array: element {@code (i, j, ...)} is at {@code
 * offset + i * strides[0] + j * strides[1] + ...}. Every change of shape is one of these and a
 * copy.
 *
 * @param offset of the first element
 * @param shape how many along each axis
 * @param strides distance of neighbours along each axis, in elements; 0 repeats, negative reverses
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares views or writes to their arrays
record StridedView(int offset, int[] shape, int[] strides) {

    /**
     * Walks a dense array in order.
     *
     * @param shape of the array
     * @return the view
     */
    static StridedView dense(int... shape) {
        int[] strides = new int[shape.length];
        int stride = 1;
        for (int axis = shape.length - 1; axis >= 0; axis--) {
            strides[axis] = stride;
            stride *= shape[axis];
        }
        return new StridedView(0, shape, strides);
    }

    static int[] sizes(Shape shape) {
        return Arrays.stream(shape.getShape()).mapToInt(Math::toIntExact).toArray();
    }

    static Shape toShape(int... sizes) {
        return new Shape(Arrays.stream(sizes).asLongStream().toArray());
    }

    /**
     * Resolves an axis that may count from the end.
     *
     * @param axis the axis
     * @param dimensions how many there are
     * @return 0 or more
     */
    static int axis(int axis, int dimensions) {
        int found = axis < 0 ? axis + dimensions : axis;
        if (found < 0 || found >= dimensions) {
            throw new IllegalArgumentException(
                    "axis " + axis + " of an array with " + dimensions + " dimensions");
        }
        return found;
    }

    int dimensions() {
        return shape.length;
    }

    int size() {
        int size = 1;
        for (int n : shape) {
            size *= n;
        }
        return size;
    }

    /** Keeps {@code count} positions of an axis, from {@code first}, {@code step} apart. */
    StridedView slice(int axis, int first, int step, int count) {
        int[] newShape = shape.clone();
        int[] newStrides = strides.clone();
        newShape[axis] = count;
        newStrides[axis] = step * strides[axis];
        return new StridedView(offset + first * strides[axis], newShape, newStrides);
    }

    /** Keeps one position of an axis, and drops the axis. */
    StridedView select(int axis, int position) {
        return slice(axis, position, 1, 1).drop(axis);
    }

    /** Drops an axis: its first position stays. */
    StridedView drop(int axis) {
        return new StridedView(offset, without(shape, axis), without(strides, axis));
    }

    /** Puts in an axis along which the elements repeat. */
    StridedView insert(int axis, int count) {
        return new StridedView(offset, with(shape, axis, count), with(strides, axis, 0));
    }

    /** Reorders the axes: axis {@code i} of the result is {@code axes[i]} of this. */
    StridedView permute(int... axes) {
        int[] newShape = new int[axes.length];
        int[] newStrides = new int[axes.length];
        for (int i = 0; i < axes.length; i++) {
            newShape[i] = shape[axes[i]];
            newStrides[i] = strides[axes[i]];
        }
        return new StridedView(offset, newShape, newStrides);
    }

    /** Repeats axes of size 1, and in front, until the shape is reached. */
    StridedView broadcastTo(int... target) {
        int missing = target.length - shape.length;
        int[] newStrides = new int[target.length];
        boolean fits = missing >= 0;
        for (int axis = 0; fits && axis < shape.length; axis++) {
            int wanted = target[axis + missing];
            if (shape[axis] == wanted) {
                newStrides[axis + missing] = strides[axis];
            } else {
                fits = shape[axis] == 1;
            }
        }
        if (!fits) {
            throw new IllegalArgumentException(
                    "shape " + toShape(shape) + " cannot be broadcast to " + toShape(target));
        }
        return new StridedView(offset, target, newStrides);
    }

    /**
     * Finds the shape that two arrays broadcast to.
     *
     * @param a a shape
     * @param b a shape
     * @return the common shape
     */
    static int[] broadcast(int[] a, int[] b) {
        int[] result = new int[Math.max(a.length, b.length)];
        for (int back = 1; back <= result.length; back++) {
            int sizeA = back <= a.length ? a[a.length - back] : 1;
            int sizeB = back <= b.length ? b[b.length - back] : 1;
            if (sizeA != sizeB && sizeA != 1 && sizeB != 1) {
                throw new IllegalArgumentException(
                        "shapes " + toShape(a) + " and " + toShape(b) + " cannot be broadcast");
            }
            result[result.length - back] = sizeA == 1 ? sizeB : sizeA;
        }
        return result;
    }

    private static int[] without(int[] values, int axis) {
        int[] result = Arrays.copyOf(values, values.length - 1);
        System.arraycopy(values, axis + 1, result, axis, result.length - axis);
        return result;
    }

    private static int[] with(int[] values, int axis, int value) {
        int[] result = Arrays.copyOf(values, values.length + 1);
        System.arraycopy(values, axis, result, axis + 1, values.length - axis);
        result[axis] = value;
        return result;
    }
}
