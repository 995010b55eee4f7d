/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.stream.IntStream;

/** Reductions, and what runs along an axis. */
abstract class ReducedArray extends MappedArray {

    ReducedArray(NDManager manager, ArrayMemory memory, Shape shape, DataType dataType) {
        super(manager, memory, shape, dataType);
    }

    private int[] allAxes() {
        return IntStream.range(0, getShape().dimension()).toArray();
    }

    private DataType total() {
        return ElementTypes.total(getDataType());
    }

    private DataType fraction() {
        return ElementTypes.fraction(getDataType());
    }

    @Override
    public OfsNDArray max() {
        return max(allAxes(), false);
    }

    @Override
    public OfsNDArray max(int[] axes, boolean keepDims) {
        return Reduction.MAXIMUM.over("max", self(), axes, keepDims, getDataType());
    }

    @Override
    public OfsNDArray min() {
        return min(allAxes(), false);
    }

    @Override
    public OfsNDArray min(int[] axes, boolean keepDims) {
        return Reduction.MINIMUM.over("min", self(), axes, keepDims, getDataType());
    }

    @Override
    public OfsNDArray sum() {
        return sum(allAxes(), false);
    }

    @Override
    public OfsNDArray sum(int[] axes, boolean keepDims) {
        return Reduction.SUM.over("sum", self(), axes, keepDims, total());
    }

    @Override
    public OfsNDArray prod() {
        return prod(allAxes(), false);
    }

    @Override
    public OfsNDArray prod(int[] axes, boolean keepDims) {
        return Reduction.PRODUCT.over("prod", self(), axes, keepDims, total());
    }

    @Override
    public OfsNDArray mean() {
        return mean(allAxes(), false);
    }

    @Override
    public OfsNDArray mean(int[] axes, boolean keepDims) {
        return Reduction.MEAN.over("mean", self(), axes, keepDims, fraction());
    }

    @Override
    public OfsNDArray norm(boolean keepDims) {
        return norm(2, allAxes(), keepDims);
    }

    @Override
    public OfsNDArray norm(int ord, int[] axes, boolean keepDims) {
        if (ord < 1) {
            throw unsupported("norm of order " + ord);
        }
        return Reduction.norm(ord).over("norm", self(), axes, keepDims, fraction());
    }

    @Override
    public OfsNDArray argMax() {
        return Reduction.ARG_MAXIMUM.over("argMax", self(), allAxes(), false, DataType.INT64);
    }

    @Override
    public OfsNDArray argMax(int axis) {
        int[] axes = {axis};
        return Reduction.ARG_MAXIMUM.over("argMax", self(), axes, false, DataType.INT64);
    }

    @Override
    public OfsNDArray argMin() {
        return Reduction.ARG_MINIMUM.over("argMin", self(), allAxes(), false, DataType.INT64);
    }

    @Override
    public OfsNDArray argMin(int axis) {
        int[] axes = {axis};
        return Reduction.ARG_MINIMUM.over("argMin", self(), axes, false, DataType.INT64);
    }

    @Override
    public OfsNDArray softmax(int axis) {
        return AxisFunctions.softmax("softmax", self(), axis, false);
    }

    @Override
    public OfsNDArray logSoftmax(int axis) {
        return AxisFunctions.softmax("logSoftmax", self(), axis, true);
    }

    @Override
    public OfsNDArray normalize(double exponent, long dim, double eps) {
        return AxisFunctions.normalize(self(), exponent, dim, eps);
    }

    @Override
    public OfsNDArray cumSum() {
        try (OfsNDArray flat = flatten()) {
            return flat.cumSum(0);
        }
    }

    @Override
    public OfsNDArray cumSum(int axis) {
        return AxisFunctions.accumulate("cumSum", self(), axis, total(), BinaryOperation.ADD);
    }

    @Override
    public OfsNDArray cumProd(int axis) {
        return cumProd(axis, total());
    }

    @Override
    public OfsNDArray cumProd(int axis, DataType type) {
        return AxisFunctions.accumulate("cumProd", self(), axis, type, BinaryOperation.MULTIPLY);
    }

    /** Along the last axis, as the examples of DJL's Javadoc show. */
    @Override
    public OfsNDArray sort() {
        return sort(-1);
    }

    @Override
    public OfsNDArray sort(int axis) {
        return keep(AxisFunctions.ordered(self(), length(axis), axis, true), 0);
    }

    @Override
    public OfsNDArray argSort(int axis, boolean ascending) {
        return keep(AxisFunctions.ordered(self(), length(axis), axis, ascending), 1);
    }

    /** Always sorted, equal elements by position: {@code sorted} asks for no more. */
    @Override
    public NDList topK(int k, int axis, boolean largest, boolean sorted) {
        return AxisFunctions.ordered(self(), k, axis, !largest);
    }

    private int length(int axis) {
        int[] sizes = sizes();
        return sizes[StridedView.axis(axis, sizes.length)];
    }

    private static OfsNDArray keep(NDList both, int kept) {
        both.get(1 - kept).close();
        return (OfsNDArray) both.get(kept);
    }
}
