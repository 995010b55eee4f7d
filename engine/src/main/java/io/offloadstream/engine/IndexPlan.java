/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.index.dim.NDIndexAll;
import ai.djl.ndarray.index.dim.NDIndexBooleans;
import ai.djl.ndarray.index.dim.NDIndexElement;
import ai.djl.ndarray.index.dim.NDIndexFixed;
import ai.djl.ndarray.index.dim.NDIndexNull;
import ai.djl.ndarray.index.dim.NDIndexPick;
import ai.djl.ndarray.index.dim.NDIndexSlice;
import ai.djl.ndarray.index.dim.NDIndexTake;
import ai.djl.ndarray.types.DataType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Where the elements that an {@link NDIndex} names are: a view, and for arrays of positions one
 * view per position. Numbers, slices, {@code ...}, {@code null}, arrays of integers (which
 * broadcast against each other) and boolean masks may be mixed; the result is shaped as in PyTorch.
 */
final class IndexPlan {

    private final NDIndex index;
    private final int[] sizes;
    private StridedView view;
    private int axis;

    /** Axes of the view that arrays of positions index, with these arrays. */
    private final List<Integer> takenAxes = new ArrayList<>();

    private final List<int[]> takenPositions = new ArrayList<>();
    private final List<int[]> takenShapes = new ArrayList<>();
    private int[] pointShape = new int[0];
    private int pointAxis;

    IndexPlan(NDIndex index, int[] sizes) {
        this.index = index;
        this.sizes = sizes;
        this.view = StridedView.dense(sizes);
        resolve();
    }

    /** The shape of the elements that are meant. */
    int[] shape() {
        if (takenAxes.isEmpty()) {
            return view.shape();
        }
        int[] rest = rest().shape();
        int[] result = new int[rest.length + pointShape.length];
        System.arraycopy(rest, 0, result, 0, pointAxis);
        System.arraycopy(pointShape, 0, result, pointAxis, pointShape.length);
        System.arraycopy(
                rest, pointAxis, result, pointAxis + pointShape.length, rest.length - pointAxis);
        return result;
    }

    /** Copies the elements that are meant to a dense array. */
    void get(Elements source, Elements target) {
        copy(true, source, target, StridedView.dense(shape()));
    }

    /** Overwrites the elements that are meant. */
    void set(Elements target, Elements values, StridedView valueView) {
        copy(false, target, values, valueView.broadcastTo(shape()));
    }

    private void copy(boolean reading, Elements indexed, Elements other, StridedView otherView) {
        if (takenAxes.isEmpty()) {
            copyPart(reading, indexed, view, other, otherView);
            return;
        }
        int[] positions = new int[pointShape.length];
        int points = StridedView.dense(pointShape).size();
        StridedView rest = rest();
        for (int point = 0; point < points; point++) {
            int left = point;
            for (int i = pointShape.length - 1; i >= 0; i--) {
                positions[i] = left % pointShape[i];
                left /= pointShape[i];
            }
            int offset = rest.offset();
            for (int i = 0; i < takenAxes.size(); i++) {
                int taken = takenPositions.get(i)[at(takenShapes.get(i), positions)];
                offset += taken * view.strides()[takenAxes.get(i)];
            }
            StridedView part = otherView;
            for (int position : positions) {
                part = part.select(pointAxis, position);
            }
            StridedView here = new StridedView(offset, rest.shape(), rest.strides());
            copyPart(reading, indexed, here, other, part);
        }
    }

    private static void copyPart(
            boolean reading, Elements indexed, StridedView at, Elements other, StridedView to) {
        if (reading) {
            StridedLoop.copy(indexed, at, other, to);
        } else {
            StridedLoop.copy(other, to, indexed, at);
        }
    }

    private static int at(int[] shape, int[] positions) {
        StridedView dense = StridedView.dense(shape);
        int at = 0;
        int missing = positions.length - shape.length;
        for (int i = 0; i < shape.length; i++) {
            at += shape[i] == 1 ? 0 : positions[i + missing] * dense.strides()[i];
        }
        return at;
    }

    /** The axes that no array of positions indexes. */
    private StridedView rest() {
        StridedView rest = view;
        for (int i = takenAxes.size() - 1; i >= 0; i--) {
            rest = rest.drop(takenAxes.get(i));
        }
        return rest;
    }

    private void resolve() {
        List<NDIndexElement> elements = index.getIndices();
        int named = elements.stream().mapToInt(IndexPlan::axesOf).sum();
        if (named > sizes.length) {
            throw new IllegalArgumentException(
                    "an index of "
                            + named
                            + " dimensions for an array of shape "
                            + StridedView.toShape(sizes));
        }
        for (int i = 0; i < elements.size(); i++) {
            if (i == index.getEllipsisIndex()) {
                axis += sizes.length - named;
            }
            resolve(elements.get(i));
        }
        for (int[] shape : takenShapes) {
            pointShape = StridedView.broadcast(pointShape, shape);
        }
        if (!takenAxes.isEmpty()) {
            int first = takenAxes.get(0);
            int last = takenAxes.get(takenAxes.size() - 1);
            // arrays with something between them put their axes in front
            pointAxis = last - first == takenAxes.size() - 1 ? first : 0;
        }
    }

    private static int axesOf(NDIndexElement element) {
        return element instanceof NDIndexNull ? 0 : element.getRank();
    }

    private void resolve(NDIndexElement element) {
        if (element instanceof NDIndexAll) {
            axis++;
        } else if (element instanceof NDIndexNull) {
            view = view.insert(axis, 1);
            axis++;
        } else if (element instanceof NDIndexFixed fixed) {
            view = view.select(axis, position(fixed.getIndex(), axis));
        } else if (element instanceof NDIndexSlice slice) {
            slice(slice);
        } else if (element instanceof NDIndexBooleans booleans) {
            mask(booleans.getIndex());
        } else if (element instanceof NDIndexTake take) {
            take(take.getIndex());
        } else if (element instanceof NDIndexPick) {
            throw UnsupportedArray.unsupported("a pick combined with other indices");
        } else {
            throw UnsupportedArray.unsupported("index " + element.getClass().getSimpleName());
        }
    }

    private int position(long wanted, int at) {
        int size = view.shape()[at];
        long position = wanted < 0 ? wanted + size : wanted;
        if (position < 0 || position >= size) {
            throw new IndexOutOfBoundsException(
                    "index "
                            + wanted
                            + " of "
                            + size
                            + " along an axis of shape "
                            + StridedView.toShape(sizes));
        }
        return (int) position;
    }

    private void slice(NDIndexSlice slice) {
        long size = view.shape()[axis];
        long step = slice.getStep() == null ? 1 : slice.getStep();
        if (step < 0) {
            throw new IllegalArgumentException("slice step " + step + " is negative; use flip");
        }
        long min = bound(slice.getMin() == null ? 0 : slice.getMin(), size);
        long max = bound(slice.getMax() == null ? size : slice.getMax(), size);
        long count = Math.max(0, (max - min + step - 1) / step);
        // one element needs no step, and a large one would not be an int
        view = view.slice(axis, (int) min, count > 1 ? (int) step : 1, (int) count);
        axis++;
    }

    /** Counts from the end where negative, and stops at the ends, as in Python. */
    private static long bound(long wanted, long size) {
        return Math.min(Math.max(wanted < 0 ? wanted + size : wanted, 0), size);
    }

    private void take(NDArray array) {
        Elements elements = StoredArray.elementsOf(array);
        int[] positions = new int[Math.toIntExact(array.size())];
        Arrays.setAll(positions, i -> position(elements.whole(i), axis));
        taken(positions, StridedView.sizes(array.getShape()));
    }

    private void taken(int[] positions, int[] shape) {
        takenAxes.add(axis);
        takenPositions.add(positions);
        takenShapes.add(shape);
        axis++;
    }

    private void mask(NDArray mask) {
        int[] shape = StridedView.sizes(mask.getShape());
        int[] masked = Arrays.copyOfRange(view.shape(), axis, axis + shape.length);
        if (mask.getDataType() != DataType.BOOLEAN
                || shape.length == 0
                || !Arrays.equals(shape, masked)) {
            throw new IllegalArgumentException(
                    "a mask of shape "
                            + mask.getShape()
                            + " "
                            + mask.getDataType()
                            + " for axes of shape "
                            + StridedView.toShape(masked)
                            + "; it must be boolean, and of their shape, which must not be ()");
        }
        for (int[] positions : nonzero(StoredArray.elementsOf(mask), shape)) {
            taken(positions, new int[] {positions.length});
        }
    }

    /**
     * Finds the elements that are not zero.
     *
     * @param elements of an array
     * @param shape of the array
     * @return for each axis the positions, in order
     */
    static int[][] nonzero(Elements elements, int... shape) {
        StridedView dense = StridedView.dense(shape);
        int[] found = IntStream.range(0, dense.size()).filter(i -> elements.real(i) != 0).toArray();
        int[][] positions = new int[shape.length][found.length];
        for (int i = 0; i < found.length; i++) {
            for (int a = 0; a < shape.length; a++) {
                positions[a][i] = found[i] / dense.strides()[a] % shape[a];
            }
        }
        return positions;
    }
}
