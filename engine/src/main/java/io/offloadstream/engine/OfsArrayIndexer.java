/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDArrayIndexer;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.index.dim.NDIndexBooleans;
import ai.djl.ndarray.index.dim.NDIndexPick;
import ai.djl.ndarray.index.full.NDIndexFullPick;
import ai.djl.ndarray.index.full.NDIndexFullSlice;
import ai.djl.ndarray.index.full.NDIndexFullTake;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;

/** Reads and writes the elements that an {@link NDIndex} names; see {@link IndexPlan}. */
final class OfsArrayIndexer extends NDArrayIndexer {

    private final NDManager manager;

    /**
     * Constructs an indexer.
     *
     * @param manager owner of what is read
     */
    OfsArrayIndexer(NDManager manager) {
        this.manager = manager;
    }

    @Override
    public NDArray get(NDArray array, NDIndex index) {
        OfsNDArray source = (OfsNDArray) array;
        boolean picks = index.stream().anyMatch(e -> e instanceof NDIndexPick);
        if (picks) {
            return NDIndexFullPick.fromIndex(index, array.getShape())
                    .map(pick -> get(array, pick))
                    .orElseThrow(
                            () ->
                                    UnsupportedArray.unsupported(
                                            "a pick combined with other indices"));
        }
        IndexPlan plan = new IndexPlan(index, source.sizes());
        OfsNDArray result = source.newArray(manager, source.getDataType(), plan.shape());
        plan.get(source.elements(), result.elements());
        return result;
    }

    @Override
    public NDArray get(NDArray array, NDIndexFullPick fullPick) {
        Shape shape = fullPick.getIndices().getShape();
        NDArray picked = fullPick.getIndices();
        while (shape.dimension() < array.getShape().dimension()) {
            shape = shape.add(1);
        }
        try (NDArray positions = picked.reshape(shape)) {
            OfsNDArray result =
                    Gathering.gather((OfsNDArray) array, manager, positions, fullPick.getAxis());
            return result;
        }
    }

    @Override
    public NDArray get(NDArray array, NDIndexFullTake fullTake) {
        NDIndex index = new NDIndex().addAllDim(fullTake.getAxis());
        return get(array, index.addIndices("{}", fullTake.getIndices()));
    }

    @Override
    public NDArray get(NDArray array, NDIndexFullSlice fullSlice) {
        return get(array, index(fullSlice)).reshape(fullSlice.getSqueezedShape());
    }

    private static NDIndex index(NDIndexFullSlice slice) {
        NDIndex index = new NDIndex();
        for (int i = 0; i < slice.getMin().length; i++) {
            index.addSliceDim(slice.getMin()[i], slice.getMax()[i], slice.getStep()[i]);
        }
        return index;
    }

    @Override
    public void set(NDArray array, NDIndex index, Object value) {
        OfsNDArray target = (OfsNDArray) array;
        IndexPlan plan = new IndexPlan(index, target.sizes());
        if (value instanceof Number number) {
            Elements element = Elementwise.number(number, array.getDataType());
            plan.set(target.elements(), element, StridedView.dense());
        } else if (value instanceof NDArray values) {
            Elements elements = StoredArray.elementsOf(values);
            plan.set(target.elements(), elements, fitting(values, plan.shape()));
        } else {
            throw new IllegalArgumentException("a value must be a Number or an NDArray: " + value);
        }
    }

    /** As many elements as are meant fit in any shape; otherwise they broadcast. */
    private static StridedView fitting(NDArray values, int[] shape) {
        int[] sizes = StridedView.sizes(values.getShape());
        StridedView dense = StridedView.dense(shape);
        if (values.size() == dense.size()) {
            return dense;
        }
        int leading = 0;
        while (sizes.length - leading > shape.length && sizes[leading] == 1) {
            leading++;
        }
        return StridedView.dense(Arrays.copyOfRange(sizes, leading, sizes.length));
    }

    @Override
    public void set(NDArray array, NDIndexFullSlice fullSlice, NDArray value) {
        set(array, index(fullSlice), value);
    }

    @Override
    public void set(NDArray array, NDIndexFullSlice fullSlice, Number value) {
        set(array, index(fullSlice), value);
    }

    @Override
    public void set(NDArray array, NDIndexBooleans indices, NDArray value) {
        set(array, new NDIndex().addBooleanIndex(indices.getIndex()), value);
    }

    @Override
    public void setScalar(NDArray array, NDIndex index, Number value) {
        int[] shape = new IndexPlan(index, ((OfsNDArray) array).sizes()).shape();
        if (StridedView.dense(shape).size() != 1) {
            throw new IllegalArgumentException(
                    "the index names "
                            + StridedView.toShape(shape)
                            + " elements of an array of shape "
                            + array.getShape()
                            + "; setScalar sets one");
        }
        set(array, index, value);
    }
}
