/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import ai.djl.ndarray.types.DataType;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Makes one element of all those along some axes. Sums of floating point numbers run in double. */
@FunctionalInterface
interface Reduction {

    Reduction SUM =
            (in, first, count, out, at) -> {
                if (in.type().isFloating()) {
                    double sum = 0;
                    for (int i = 0; i < count; i++) {
                        sum += in.real(first + i);
                    }
                    out.setReal(at, sum);
                } else {
                    long sum = 0;
                    for (int i = 0; i < count; i++) {
                        sum += in.whole(first + i);
                    }
                    out.setWhole(at, sum);
                }
            };

    Reduction PRODUCT =
            (in, first, count, out, at) -> {
                if (in.type().isFloating()) {
                    double product = 1;
                    for (int i = 0; i < count; i++) {
                        product *= in.real(first + i);
                    }
                    out.setReal(at, product);
                } else {
                    long product = 1;
                    for (int i = 0; i < count; i++) {
                        product *= in.whole(first + i);
                    }
                    out.setWhole(at, product);
                }
            };

    Reduction MEAN =
            (in, first, count, out, at) -> {
                double sum = 0;
                for (int i = 0; i < count; i++) {
                    sum += in.real(first + i);
                }
                out.setReal(at, sum / count);
            };

    Reduction MAXIMUM = (in, first, count, out, at) -> out.copy(at, in, best(in, first, count, 1));

    Reduction MINIMUM = (in, first, count, out, at) -> out.copy(at, in, best(in, first, count, -1));

    Reduction ARG_MAXIMUM =
            (in, first, count, out, at) -> out.setWhole(at, best(in, first, count, 1) - first);

    Reduction ARG_MINIMUM =
            (in, first, count, out, at) -> out.setWhole(at, best(in, first, count, -1) - first);

    /**
     * Reduces neighbouring elements.
     *
     * @param in read
     * @param first the first of them
     * @param count how many
     * @param out written
     * @param at which element
     */
    void reduce(Elements in, int first, int count, Elements out, int at);

    /** The norm of order {@code order}. */
    static Reduction norm(double order) {
        return (in, first, count, out, at) ->
                out.setReal(at, AxisFunctions.norm(in, first, 1, count, order));
    }

    /** Finds the first of the largest (sign 1) or smallest (sign -1); NaN beats all. */
    private static int best(Elements in, int first, int count, int sign) {
        if (count == 0) {
            throw new IllegalArgumentException(
                    "an empty NDArray has no largest or smallest element");
        }
        int best = first;
        for (int i = first + 1; i < first + count; i++) {
            if (sign * ElementOrder.compare(in, i, best, sign > 0) > 0) {
                best = i;
            }
        }
        return best;
    }

    /**
     * Reduces axes of an array.
     *
     * @param name of the operation, for messages
     * @param array the array
     * @param axes to reduce, negative ones count from the end
     * @param keepDims whether they stay, of size 1
     * @param type of the result
     * @return the result
     */
    default OfsNDArray over(
            String name, OfsNDArray array, int[] axes, boolean keepDims, DataType type) {
        ElementTypes.requireComputable(name, array.getDataType());
        int[] sizes = array.sizes();
        boolean[] reduced = new boolean[sizes.length];
        for (int axis : axes) {
            reduced[StridedView.axis(axis, sizes.length)] = true;
        }
        int[] kept = IntStream.range(0, sizes.length).filter(i -> !reduced[i]).toArray();
        int[] gone = IntStream.range(0, sizes.length).filter(i -> reduced[i]).toArray();
        int[] keptSizes = Arrays.stream(kept).map(i -> sizes[i]).toArray();
        int count = Arrays.stream(gone).map(i -> sizes[i]).reduce(1, (a, b) -> a * b);
        int[] resultSizes =
                keepDims
                        ? IntStream.range(0, sizes.length)
                                .map(i -> reduced[i] ? 1 : sizes[i])
                                .toArray()
                        : keptSizes;
        int[] order = IntStream.concat(Arrays.stream(kept), Arrays.stream(gone)).toArray();
        boolean inOrder = Arrays.equals(order, IntStream.range(0, sizes.length).toArray());
        OfsNDArray source = inOrder ? array : array.transpose(order);
        try {
            OfsNDArray result = array.newArray(type, resultSizes);
            Elements in = source.elements();
            Elements out = result.elements();
            int size = (int) result.size();
            for (int i = 0; i < size; i++) {
                reduce(in, i * count, count, out, i);
            }
            return result;
        } finally {
            if (!inOrder) {
                source.close();
            }
        }
    }
}
