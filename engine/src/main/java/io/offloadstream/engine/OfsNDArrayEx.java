/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDArrayIndexer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/** What DJL's static helpers call behind an array: joining, choosing, indexing, activations. */
final class OfsNDArrayEx extends UnsupportedArrayEx {

    private final OfsNDArray array;

    OfsNDArrayEx(OfsNDArray array) {
        this.array = array;
    }

    @Override
    public NDArray getArray() {
        return array;
    }

    @Override
    public NDArrayIndexer getIndexer(NDManager manager) {
        return new OfsArrayIndexer(manager);
    }

    @Override
    public NDArray where(NDArray condition, NDArray other) {
        return Elementwise.where(condition, array, other);
    }

    @Override
    public NDArray concat(NDList arrays, int axis) {
        return array.join(withThis(arrays), axis);
    }

    @Override
    public NDArray stack(NDList arrays, int axis) {
        List<NDArray> expanded = new ArrayList<>();
        try {
            for (NDArray each : withThis(arrays)) {
                if (!each.getShape().equals(array.getShape())) {
                    throw new IllegalArgumentException(
                            "arrays of shapes "
                                    + array.getShape()
                                    + " and "
                                    + each.getShape()
                                    + " cannot be stacked");
                }
                expanded.add(each.expandDims(axis));
            }
            return ((OfsNDArray) expanded.get(0)).join(expanded, axis);
        } finally {
            expanded.forEach(NDArray::close);
        }
    }

    private List<NDArray> withThis(NDList others) {
        List<NDArray> all = new ArrayList<>();
        all.add(array);
        all.addAll(others);
        return all;
    }

    @Override
    public NDArray rdivi(NDArray b) {
        return reversedInPlace(BinaryOperation.DIVIDE, b);
    }

    @Override
    public NDArray rmodi(NDArray b) {
        return reversedInPlace(BinaryOperation.MODULO, b);
    }

    @Override
    public NDArray rpowi(Number n) {
        try (NDArray number = array.getManager().create(n)) {
            return reversedInPlace(BinaryOperation.POWER, number);
        }
    }

    private NDArray reversedInPlace(BinaryOperation operation, NDArray b) {
        // the other's arrays may be another engine's; the result must have this one's type
        try (OfsNDArray left = ours(b);
                OfsNDArray result = Elementwise.binary(operation, left, array);
                OfsNDArray typed = result.toType(array.getDataType(), true)) {
            array.set(typed.toByteBuffer(true));
        }
        return array;
    }

    private OfsNDArray ours(NDArray b) {
        OfsNDArray copy = array.newArray(b.getDataType(), StridedView.sizes(b.getShape()));
        StridedView all = StridedView.dense(copy.sizes());
        StridedLoop.copy(StoredArray.elementsOf(b), all, copy.elements(), all);
        return copy;
    }

    private NDArray activate(String name, DoubleUnaryOperator function) {
        return Elementwise.fraction(name, array, function);
    }

    @Override
    public NDArray relu() {
        return Elementwise.unary("relu", array, x -> Math.max(x, 0), x -> Math.max(x, 0));
    }

    @Override
    public NDArray sigmoid() {
        return activate("sigmoid", x -> 1 / (1 + Math.exp(-x)));
    }

    @Override
    public NDArray tanh() {
        return array.tanh();
    }

    @Override
    public NDArray softPlus() {
        return activate("softPlus", x -> Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))));
    }

    @Override
    public NDArray softSign() {
        return activate("softSign", x -> x / (1 + Math.abs(x)));
    }

    @Override
    public NDArray leakyRelu(float alpha) {
        return activate("leakyRelu", x -> x > 0 ? x : alpha * x);
    }

    @Override
    public NDArray elu(float alpha) {
        return activate("elu", x -> x > 0 ? x : alpha * Math.expm1(x));
    }
}
