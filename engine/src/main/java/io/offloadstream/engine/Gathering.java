/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;

/** Collects elements by arrays of their positions. */
final class Gathering {

    private Gathering() {}

    /**
     * Collects along an axis: element {@code (i, j, k)} of the result is {@code array(i, index(i,
     * j, k), k)} for axis 1.
     *
     * @param array the array
     * @param owner manager of the result
     * @param index positions; as many dimensions as the array, none larger except along the axis
     * @param axis the axis
     * @return an array of the shape of {@code index}
     */
    static OfsNDArray gather(OfsNDArray array, NDManager owner, NDArray index, int axis) {
        int[] sizes = array.sizes();
        int[] wanted = StridedView.sizes(index.getShape());
        int at = StridedView.axis(axis, sizes.length);
        boolean fits = wanted.length == sizes.length;
        for (int i = 0; fits && i < sizes.length; i++) {
            fits = i == at || wanted[i] <= sizes[i];
        }
        if (!fits) {
            throw new IllegalArgumentException(
                    "gather along axis "
                            + axis
                            + " of shape "
                            + array.getShape()
                            + " with an index of shape "
                            + index.getShape());
        }
        StridedView dense = StridedView.dense(sizes);
        int stride = dense.strides()[at];
        // the position along the axis comes from the index, that along the others from the place
        StridedView base = dense;
        for (int i = 0; i < sizes.length; i++) {
            base = i == at ? base.drop(at).insert(at, wanted[at]) : base.slice(i, 0, 1, wanted[i]);
        }
        OfsNDArray result = array.newArray(owner, array.getDataType(), wanted);
        Elements in = array.elements();
        Elements positions = StoredArray.elementsOf(index);
        Elements out = result.elements();
        StridedLoop.run(
                (count, offsets, strides) -> {
                    for (int i = 0; i < count; i++) {
                        int place = offsets[1] + i * strides[1];
                        int position = position(positions.whole(place), sizes[at]);
                        out.copy(place, in, offsets[0] + i * strides[0] + position * stride);
                    }
                },
                base,
                StridedView.dense(wanted));
        return result;
    }

    /**
     * Collects elements by their position in the flattened array.
     *
     * @param array the array
     * @param owner manager of the result
     * @param index positions
     * @return an array of the shape of {@code index}
     */
    static OfsNDArray take(OfsNDArray array, NDManager owner, NDArray index) {
        int[] wanted = StridedView.sizes(index.getShape());
        OfsNDArray result = array.newArray(owner, array.getDataType(), wanted);
        Elements in = array.elements();
        Elements positions = StoredArray.elementsOf(index);
        Elements out = result.elements();
        int size = (int) array.size();
        for (int i = 0; i < index.size(); i++) {
            out.copy(i, in, position(positions.whole(i), size));
        }
        return result;
    }

    private static int position(long wanted, int size) {
        long position = wanted < 0 ? wanted + size : wanted;
        if (position < 0 || position >= size) {
            throw new IndexOutOfBoundsException("index " + wanted + " of " + size);
        }
        return (int) position;
    }

    /** Finds the elements that are not zero: (count, dimensions) int64. */
    static OfsNDArray nonzero(OfsNDArray array) {
        int[] sizes = array.isScalar() ? new int[] {1} : array.sizes();
        int[][] found = IndexPlan.nonzero(array.elements(), sizes);
        int count = found[0].length;
        OfsNDArray result = array.newArray(DataType.INT64, count, sizes.length);
        Elements out = result.elements();
        for (int axis = 0; axis < sizes.length; axis++) {
            for (int i = 0; i < count; i++) {
                out.setWhole(i * sizes.length + axis, found[axis][i]);
            }
        }
        return result;
    }

    static OfsNDArray oneHot(
            OfsNDArray array, int depth, float onValue, float offValue, DataType type) {
        int[] sizes = StridedView.dense(array.sizes()).insert(array.sizes().length, depth).shape();
        OfsNDArray result = array.newArray(type, sizes);
        result.fill(offValue);
        Elements in = array.elements();
        Elements out = result.elements();
        int size = (int) array.size();
        for (int i = 0; i < size; i++) {
            long position = in.whole(i);
            // a class that is not there has no hot element
            if (position >= 0 && position < depth) {
                out.setReal(i * depth + (int) position, onValue);
            }
        }
        return result;
    }
}
