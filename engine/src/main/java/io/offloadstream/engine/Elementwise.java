/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.DoublePredicate;
import java.util.function.DoubleUnaryOperator;
import java.util.function.LongUnaryOperator;

/** Runs functions of one, two or three elements over arrays. */
final class Elementwise {

    private Elementwise() {}

    static OfsNDArray binary(BinaryOperation operation, OfsNDArray a, NDArray b) {
        Elements right = StoredArray.elementsOf(b);
        DataType common = ElementTypes.common(a.getDataType(), b.getDataType());
        return binary(operation, a, right, StridedView.sizes(b.getShape()), common);
    }

    static OfsNDArray binary(BinaryOperation operation, OfsNDArray a, Number b) {
        DataType common = ElementTypes.common(a.getDataType(), b);
        return binary(operation, a, number(b, common), new int[0], common);
    }

    private static OfsNDArray binary(
            BinaryOperation operation, OfsNDArray a, Elements b, int[] sizesB, DataType common) {
        DataType computed = computed(operation, common);
        int[] sizes = StridedView.broadcast(a.sizes(), sizesB);
        boolean logical = operation.result() == BinaryOperation.Result.BOOLEAN;
        OfsNDArray result = a.newArray(logical ? DataType.BOOLEAN : computed, sizes);
        run(operation, computed.isFloating(), a, b, sizesB, result);
        return result;
    }

    static OfsNDArray binaryInPlace(BinaryOperation operation, OfsNDArray a, NDArray b) {
        Elements right = StoredArray.elementsOf(b);
        DataType common = ElementTypes.common(a.getDataType(), b.getDataType());
        return inPlace(operation, a, right, StridedView.sizes(b.getShape()), common);
    }

    static OfsNDArray binaryInPlace(BinaryOperation operation, OfsNDArray a, Number b) {
        DataType common = ElementTypes.common(a.getDataType(), b);
        return inPlace(operation, a, number(b, common), new int[0], common);
    }

    private static OfsNDArray inPlace(
            BinaryOperation operation, OfsNDArray a, Elements b, int[] sizesB, DataType common) {
        DataType computed = computed(operation, common);
        if (computed.isFloating() && !a.getDataType().isFloating()) {
            throw new IllegalArgumentException(
                    operation
                            + " in place: a "
                            + computed
                            + " result does not fit an array of "
                            + a.getDataType()
                            + "; use toType("
                            + computed.name()
                            + ", false) first");
        }
        run(operation, computed.isFloating(), a, b, sizesB, a);
        return a;
    }

    private static DataType computed(BinaryOperation operation, DataType common) {
        ElementTypes.requireComputable(operation.name(), common);
        if (operation == BinaryOperation.SUBTRACT && common.isBoolean()) {
            throw new IllegalArgumentException("SUBTRACT of booleans; use logicalXor");
        }
        return operation.result() == BinaryOperation.Result.FRACTION
                ? ElementTypes.fraction(common)
                : common;
    }

    private static void run(
            BinaryOperation operation,
            boolean real,
            OfsNDArray a,
            Elements b,
            int[] sizesB,
            OfsNDArray result) {
        int[] sizes = result.sizes();
        Elements left = a.elements();
        Elements out = result.elements();
        StridedLoop.run(
                (count, at, step) -> {
                    for (int i = 0; i < count; i++) {
                        int atA = at[0] + i * step[0];
                        int atB = at[1] + i * step[1];
                        int atOut = at[2] + i * step[2];
                        if (real) {
                            double x = left.real(atA);
                            out.setReal(atOut, operation.real().applyAsDouble(x, b.real(atB)));
                        } else {
                            long x = left.whole(atA);
                            out.setWhole(atOut, operation.whole().applyAsLong(x, b.whole(atB)));
                        }
                    }
                },
                StridedView.dense(a.sizes()).broadcastTo(sizes),
                StridedView.dense(sizesB).broadcastTo(sizes),
                StridedView.dense(sizes));
    }

    /** Holds a number as an array would, rounded to the type that it is computed in. */
    static Elements number(Number value, DataType type) {
        Elements result = new Elements(type, ByteBuffer.allocate(8).order(ByteOrder.nativeOrder()));
        if (type.isFloating()) {
            result.setReal(0, value.doubleValue());
        } else {
            result.setWhole(0, value.longValue());
        }
        return result;
    }

    static OfsNDArray unary(
            String name, OfsNDArray a, DoubleUnaryOperator real, LongUnaryOperator whole) {
        OfsNDArray result = a.newArray(a.getDataType(), a.sizes());
        run(name, a, result, real, whole);
        return result;
    }

    static OfsNDArray unaryInPlace(
            String name, OfsNDArray a, DoubleUnaryOperator real, LongUnaryOperator whole) {
        run(name, a, a, real, whole);
        return a;
    }

    private static void run(
            String name,
            OfsNDArray a,
            OfsNDArray result,
            DoubleUnaryOperator real,
            LongUnaryOperator whole) {
        ElementTypes.requireComputable(name, a.getDataType());
        boolean floating = a.getDataType().isFloating();
        Elements in = a.elements();
        Elements out = result.elements();
        int size = (int) a.size();
        for (int i = 0; i < size; i++) {
            if (floating) {
                out.setReal(i, real.applyAsDouble(in.real(i)));
            } else {
                out.setWhole(i, whole.applyAsLong(in.whole(i)));
            }
        }
    }

    /** Runs a function whose result has fractions even where its argument has none. */
    static OfsNDArray fraction(String name, OfsNDArray a, DoubleUnaryOperator function) {
        ElementTypes.requireComputable(name, a.getDataType());
        OfsNDArray result = a.newArray(ElementTypes.fraction(a.getDataType()), a.sizes());
        Elements in = a.elements();
        Elements out = result.elements();
        int size = (int) a.size();
        for (int i = 0; i < size; i++) {
            out.setReal(i, function.applyAsDouble(in.real(i)));
        }
        return result;
    }

    static OfsNDArray test(OfsNDArray a, DoublePredicate predicate) {
        OfsNDArray result = a.newArray(DataType.BOOLEAN, a.sizes());
        Elements in = a.elements();
        Elements out = result.elements();
        int size = (int) a.size();
        for (int i = 0; i < size; i++) {
            out.setWhole(i, predicate.test(in.real(i)) ? 1 : 0);
        }
        return result;
    }

    static boolean allTrue(OfsNDArray a) {
        Elements in = a.elements();
        int size = (int) a.size();
        for (int i = 0; i < size; i++) {
            if (in.whole(i) == 0) {
                return false;
            }
        }
        return true;
    }

    /**
     * Chooses between two arrays.
     *
     * @param condition where true, the element is of {@code a}
     * @param a the first
     * @param b the second
     * @return an array of the shape that the three broadcast to
     */
    static OfsNDArray where(NDArray condition, OfsNDArray a, NDArray b) {
        Elements chooser = StoredArray.elementsOf(condition);
        Elements left = a.elements();
        Elements right = StoredArray.elementsOf(b);
        int[] sizesC = StridedView.sizes(condition.getShape());
        int[] sizesB = StridedView.sizes(b.getShape());
        int[] sizes = StridedView.broadcast(sizesC, StridedView.broadcast(a.sizes(), sizesB));
        OfsNDArray result =
                a.newArray(ElementTypes.common(a.getDataType(), b.getDataType()), sizes);
        Elements out = result.elements();
        StridedLoop.run(
                (count, at, step) -> {
                    for (int i = 0; i < count; i++) {
                        int atOut = at[3] + i * step[3];
                        if (chooser.real(at[0] + i * step[0]) != 0) {
                            out.set(atOut, left, at[1] + i * step[1]);
                        } else {
                            out.set(atOut, right, at[2] + i * step[2]);
                        }
                    }
                },
                StridedView.dense(sizesC).broadcastTo(sizes),
                StridedView.dense(a.sizes()).broadcastTo(sizes),
                StridedView.dense(sizesB).broadcastTo(sizes),
                StridedView.dense(sizes));
        return result;
    }
}
