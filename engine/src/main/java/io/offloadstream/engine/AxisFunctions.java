/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;

/** Functions of all elements along one axis that return as many, or some of them. */
final class AxisFunctions {

    /** What is done with a lane: the elements along the axis at one position of the others. */
    @FunctionalInterface
    private interface Lane {

        /**
         * Handles a lane.
         *
         * @param first element of the lane
         * @param stride from one element to the next
         * @param count how many elements
         */
        void run(int first, int stride, int count);
    }

    private AxisFunctions() {}

    private static void forEachLane(int[] sizes, int axis, Lane lane) {
        if (sizes.length == 0) {
            lane.run(0, 1, 1);
            return;
        }
        int inner = 1;
        for (int i = axis + 1; i < sizes.length; i++) {
            inner *= sizes[i];
        }
        int outer = 1;
        for (int i = 0; i < axis; i++) {
            outer *= sizes[i];
        }
        for (int o = 0; o < outer; o++) {
            for (int i = 0; i < inner; i++) {
                lane.run(o * sizes[axis] * inner + i, inner, sizes[axis]);
            }
        }
    }

    private static int axis(OfsNDArray array, long axis) {
        // a scalar is a lane of one
        int dimensions = Math.max(array.getShape().dimension(), 1);
        return StridedView.axis(Math.toIntExact(axis), dimensions);
    }

    static OfsNDArray softmax(String name, OfsNDArray array, int axis, boolean logarithm) {
        ElementTypes.requireComputable(name, array.getDataType());
        OfsNDArray result =
                array.newArray(ElementTypes.fraction(array.getDataType()), array.sizes());
        Elements in = array.elements();
        Elements out = result.elements();
        forEachLane(
                array.sizes(),
                axis(array, axis),
                (first, stride, count) -> {
                    double max = Double.NEGATIVE_INFINITY;
                    for (int i = 0; i < count; i++) {
                        max = Math.max(max, in.real(first + i * stride));
                    }
                    double sum = 0;
                    for (int i = 0; i < count; i++) {
                        sum += Math.exp(in.real(first + i * stride) - max);
                    }
                    double logSum = Math.log(sum);
                    for (int i = 0; i < count; i++) {
                        int at = first + i * stride;
                        double shifted = in.real(at) - max;
                        out.setReal(at, logarithm ? shifted - logSum : Math.exp(shifted) / sum);
                    }
                });
        return result;
    }

    static OfsNDArray accumulate(
            String name, OfsNDArray array, int axis, DataType type, BinaryOperation operation) {
        ElementTypes.requireComputable(name, array.getDataType());
        OfsNDArray result = array.newArray(type, array.sizes());
        Elements in = array.elements();
        Elements out = result.elements();
        forEachLane(
                array.sizes(),
                axis(array, axis),
                (first, stride, count) -> {
                    double real = operation == BinaryOperation.MULTIPLY ? 1 : 0;
                    long whole = (long) real;
                    for (int i = 0; i < count; i++) {
                        int at = first + i * stride;
                        if (type.isFloating()) {
                            real = operation.real().applyAsDouble(real, in.real(at));
                            out.setReal(at, real);
                        } else {
                            whole = operation.whole().applyAsLong(whole, in.whole(at));
                            out.setWhole(at, whole);
                        }
                    }
                });
        return result;
    }

    static OfsNDArray normalize(OfsNDArray array, double order, long axis, double epsilon) {
        ElementTypes.requireComputable("normalize", array.getDataType());
        OfsNDArray result =
                array.newArray(ElementTypes.fraction(array.getDataType()), array.sizes());
        Elements in = array.elements();
        Elements out = result.elements();
        forEachLane(
                array.sizes(),
                axis(array, axis),
                (first, stride, count) -> {
                    double norm = Math.max(norm(in, first, stride, count, order), epsilon);
                    for (int i = 0; i < count; i++) {
                        int at = first + i * stride;
                        out.setReal(at, in.real(at) / norm);
                    }
                });
        return result;
    }

    static double norm(Elements in, int first, int stride, int count, double order) {
        double sum = 0;
        for (int i = 0; i < count; i++) {
            double value = Math.abs(in.real(first + i * stride));
            if (order == 1) {
                sum += value;
            } else if (order == 2) {
                sum += value * value;
            } else {
                sum += Math.pow(value, order);
            }
        }
        return order == 1 ? sum : order == 2 ? Math.sqrt(sum) : Math.pow(sum, 1 / order);
    }

    /**
     * Picks the first {@code k} of each lane in order.
     *
     * @param array the array
     * @param k how many
     * @param axis along which
     * @param ascending smallest first, or largest first
     * @return their values, and their positions as int64
     */
    static NDList ordered(OfsNDArray array, int k, int axis, boolean ascending) {
        ElementTypes.requireComputable("topK or sort", array.getDataType());
        int[] sizes = array.sizes();
        int at = StridedView.axis(axis, sizes.length);
        if (k < 0 || k > sizes[at]) {
            throw new IllegalArgumentException(
                    "topK: k=" + k + " of " + sizes[at] + " elements along axis " + axis);
        }
        int[] resultSizes = sizes.clone();
        resultSizes[at] = k;
        OfsNDArray values = array.newArray(array.getDataType(), resultSizes);
        OfsNDArray positions = allocateBeside(values, resultSizes);
        Elements in = array.elements();
        Elements outValues = values.elements();
        Elements outPositions = positions.elements();
        forEachLane(
                sizes,
                at,
                (first, stride, count) -> {
                    int[] best = ElementOrder.first(in, first, stride, count, k, ascending);
                    int lane = first / (stride * count) * (stride * k) + first % stride;
                    for (int i = 0; i < k; i++) {
                        outValues.copy(lane + i * stride, in, first + best[i] * stride);
                        outPositions.setWhole(lane + i * stride, best[i]);
                    }
                });
        return new NDList(values, positions);
    }

    private static OfsNDArray allocateBeside(OfsNDArray values, int[] sizes) {
        boolean done = false;
        try {
            OfsNDArray positions = values.newArray(DataType.INT64, sizes);
            done = true;
            return positions;
        } finally {
            if (!done) {
                values.close();
            }
        }
    }
}
