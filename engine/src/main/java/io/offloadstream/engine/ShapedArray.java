/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Changes of shape. Those that keep the order of the elements (reshape, expandDims, squeeze,
 * flatten) share the bytes of this array, so that a key-value cache is not copied to be looked at;
 * all others copy.
 */
abstract class ShapedArray extends StoredArray {

    ShapedArray(NDManager manager, ArrayMemory memory, Shape shape, DataType dataType) {
        super(manager, memory, shape, dataType);
    }

    private StridedView view() {
        return StridedView.dense(sizes());
    }

    private int axis(int axis) {
        return StridedView.axis(axis, getShape().dimension());
    }

    @Override
    public OfsNDArray reshape(Shape wanted) {
        long[] target = wanted.getShape().clone();
        int open = -1;
        long known = 1;
        for (int i = 0; i < target.length; i++) {
            if (target[i] == -1 && open == -1) {
                open = i;
            } else {
                known *= target[i];
            }
        }
        if (open >= 0 && known > 0) {
            target[open] = size() / known;
            known *= target[open];
        }
        if (known != size() || Arrays.stream(target).anyMatch(n -> n < 0)) {
            throw new IllegalArgumentException(
                    "an array of shape " + getShape() + " cannot be reshaped to " + wanted);
        }
        return sharing(new Shape(target));
    }

    @Override
    public OfsNDArray expandDims(int axis) {
        int at = StridedView.axis(axis, getShape().dimension() + 1);
        return sharing(StridedView.toShape(view().insert(at, 1).shape()));
    }

    @Override
    public OfsNDArray squeeze(int[] axes) {
        boolean[] dropped = new boolean[getShape().dimension()];
        for (int axis : isScalar() ? new int[0] : axes) {
            int at = axis(axis);
            if (sizes()[at] != 1) {
                throw new IllegalArgumentException(
                        "axis " + axis + " of shape " + getShape() + " is not of size 1");
            }
            dropped[at] = true;
        }
        int[] sizes = sizes();
        int[] kept = IntStream.range(0, sizes.length).filter(i -> !dropped[i]).toArray();
        return sharing(StridedView.toShape(Arrays.stream(kept).map(i -> sizes[i]).toArray()));
    }

    @Override
    public OfsNDArray flatten() {
        return sharing(new Shape(size()));
    }

    @Override
    public OfsNDArray flatten(int startDim, int endDim) {
        int[] sizes = sizes();
        if (sizes.length == 0) {
            return flatten();
        }
        int first = axis(startDim);
        int last = axis(endDim);
        List<Long> result = new ArrayList<>();
        for (int i = 0; i < sizes.length; i++) {
            if (i > first && i <= last) {
                result.set(first, result.get(first) * sizes[i]);
            } else {
                result.add((long) sizes[i]);
            }
        }
        return sharing(new Shape(result));
    }

    @Override
    public OfsNDArray transpose() {
        int dimensions = getShape().dimension();
        return transpose(IntStream.range(0, dimensions).map(i -> dimensions - 1 - i).toArray());
    }

    @Override
    public OfsNDArray transpose(int... axes) {
        int[] order = Arrays.stream(axes).map(this::axis).toArray();
        int[] sorted = Arrays.stream(order).sorted().toArray();
        if (!Arrays.equals(sorted, IntStream.range(0, getShape().dimension()).toArray())) {
            throw new IllegalArgumentException(
                    "transpose of shape "
                            + getShape()
                            + " needs each axis once: "
                            + Arrays.toString(axes));
        }
        return copyOf(view().permute(order));
    }

    @Override
    public OfsNDArray swapAxes(int axis1, int axis2) {
        int[] axes = IntStream.range(0, getShape().dimension()).toArray();
        int first = axis(axis1);
        int second = axis(axis2);
        axes[first] = second;
        axes[second] = first;
        return transpose(axes);
    }

    @Override
    public OfsNDArray broadcast(Shape shape) {
        return copyOf(view().broadcastTo(StridedView.sizes(shape)));
    }

    @Override
    public OfsNDArray flip(int... axes) {
        StridedView view = view();
        for (int axis : axes) {
            int at = axis(axis);
            int count = view.shape()[at];
            if (count > 0) {
                view = view.slice(at, count - 1, -1, count);
            }
        }
        return copyOf(view);
    }

    @Override
    public OfsNDArray repeat(long repeats) {
        return repeat(sameForAll(repeats));
    }

    @Override
    public OfsNDArray repeat(int axis, long repeats) {
        long[] all = sameForAll(1);
        all[StridedView.axis(axis, all.length)] = repeats;
        return repeat(all);
    }

    @Override
    public OfsNDArray repeat(long[] repeats) {
        return multiply(repeats, true);
    }

    @Override
    public OfsNDArray repeat(Shape desiredShape) {
        return repeat(factors(desiredShape));
    }

    @Override
    public OfsNDArray tile(long repeats) {
        return tile(sameForAll(repeats));
    }

    @Override
    public OfsNDArray tile(int axis, long repeats) {
        long[] all = sameForAll(1);
        all[StridedView.axis(axis, all.length)] = repeats;
        return tile(all);
    }

    @Override
    public OfsNDArray tile(long[] repeats) {
        return multiply(repeats, false);
    }

    @Override
    public OfsNDArray tile(Shape desiredShape) {
        return tile(factors(desiredShape));
    }

    private long[] sameForAll(long repeats) {
        long[] all = new long[Math.max(getShape().dimension(), 1)];
        Arrays.fill(all, repeats);
        return all;
    }

    /** Multiplies axes by walking an axis of stride 0 behind (repeat) or before (tile) each. */
    private OfsNDArray multiply(long[] repeats, boolean inner) {
        StridedView view = view();
        while (view.dimensions() < repeats.length) {
            view = view.insert(0, 1);
        }
        // fewer factors than axes are for the last ones
        int missing = view.dimensions() - repeats.length;
        int[] sizes = view.shape().clone();
        for (int axis = sizes.length - 1; axis >= missing; axis--) {
            int times = Math.toIntExact(repeats[axis - missing]);
            sizes[axis] = Math.multiplyExact(sizes[axis], times);
            view = view.insert(inner ? axis + 1 : axis, times);
        }
        OfsNDArray result = newArray(getDataType(), sizes);
        StridedView target = StridedView.dense(view.shape());
        StridedLoop.copy(elements(), view, result.elements(), target);
        return result;
    }

    private long[] factors(Shape desired) {
        int[] sizes = sizes();
        int[] wanted = StridedView.sizes(desired);
        int length = Math.max(sizes.length, wanted.length);
        long[] factors = new long[length];
        Arrays.fill(factors, 1);
        for (int back = 1; back <= wanted.length; back++) {
            int size = back <= sizes.length ? sizes[sizes.length - back] : 1;
            int target = wanted[wanted.length - back];
            if (size == 0 || target % size != 0) {
                throw new IllegalArgumentException(
                        "shape " + desired + " is no multiple of " + getShape());
            }
            factors[length - back] = target / size;
        }
        return factors;
    }

    @Override
    public NDList split(long sections, int axis) {
        int at = axis(axis);
        int size = sizes()[at];
        if (sections <= 0 || size % sections != 0) {
            throw new IllegalArgumentException(
                    "axis "
                            + axis
                            + " of shape "
                            + getShape()
                            + " cannot be split evenly into "
                            + sections);
        }
        long step = size / sections;
        long[] indices = new long[Math.toIntExact(sections) - 1];
        Arrays.setAll(indices, i -> (i + 1) * step);
        return split(indices, axis);
    }

    @Override
    public NDList split(long[] indices, int axis) {
        int at = axis(axis);
        int size = sizes()[at];
        NDList parts = new NDList(indices.length + 1);
        int first = 0;
        for (int i = 0; i <= indices.length; i++) {
            int end = i < indices.length ? (int) Math.min(indices[i], size) : size;
            if (end < first) {
                parts.close();
                throw new IllegalArgumentException(
                        "split positions must not decrease: " + Arrays.toString(indices));
            }
            parts.add(copyOf(view().slice(at, first, 1, end - first)));
            first = end;
        }
        return parts;
    }

    /**
     * Pads axes from the last one on: {@code (before, after)} of the last, then of the one before.
     */
    @Override
    public OfsNDArray pad(Shape padding, double value) {
        int[] pads = StridedView.sizes(padding);
        int[] sizes = sizes();
        if (pads.length % 2 != 0 || pads.length / 2 > sizes.length) {
            throw new IllegalArgumentException(
                    "padding " + padding + " of an array of shape " + getShape());
        }
        int[] target = sizes.clone();
        for (int i = 0; i < pads.length; i += 2) {
            target[sizes.length - 1 - i / 2] += pads[i] + pads[i + 1];
        }
        OfsNDArray result = newArray(getDataType(), target);
        result.fill(value);
        StridedView inside = StridedView.dense(target);
        for (int i = 0; i < pads.length; i += 2) {
            int axis = sizes.length - 1 - i / 2;
            inside = inside.slice(axis, pads[i], 1, sizes[axis]);
        }
        StridedLoop.copy(elements(), view(), result.elements(), inside);
        return result;
    }

    /** Joins arrays along an axis that they have; the first is this. */
    OfsNDArray join(List<NDArray> arrays, int axis) {
        int at = axis(axis);
        int[] sizes = sizes();
        int total = 0;
        DataType type = getDataType();
        for (NDArray array : arrays) {
            int[] other = StridedView.sizes(array.getShape());
            int[] rest = other.clone();
            if (rest.length == sizes.length) {
                rest[at] = sizes[at];
            }
            if (!Arrays.equals(rest, sizes)) {
                throw new IllegalArgumentException(
                        "arrays of shapes "
                                + getShape()
                                + " and "
                                + array.getShape()
                                + " cannot be joined along axis "
                                + axis);
            }
            total = Math.addExact(total, other[at]);
            type = ElementTypes.common(type, array.getDataType());
        }
        sizes[at] = total;
        OfsNDArray result = newArray(type, sizes);
        int first = 0;
        for (NDArray array : arrays) {
            int[] other = StridedView.sizes(array.getShape());
            StridedView part = StridedView.dense(sizes).slice(at, first, 1, other[at]);
            StridedLoop.copy(elementsOf(array), StridedView.dense(other), result.elements(), part);
            first += other[at];
        }
        return result;
    }
}
