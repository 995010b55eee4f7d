/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

/** Walks several views of one shape together, row by row: the one loop behind all operations. */
final class StridedLoop {

    /** What is done with a row. */
    @FunctionalInterface
    interface Row {

        /**
         * Handles a row.
         *
         * @param count elements in the row
         * @param offsets where each view's row begins
         * @param strides from one element to the next, per view
         */
        void run(int count, int[] offsets, int[] strides);
    }

    private StridedLoop() {}

    /**
     * Walks the views.
     *
     * @param row called for each row, in order
     * @param views of equal shape; axes that follow each other without a gap in all are walked as
     *     one
     */
    static void run(Row row, StridedView... views) {
        int dimensions = views[0].dimensions();
        int[] shape = new int[Math.max(dimensions, 1)];
        int[][] strides = new int[shape.length][views.length];
        int axes = merge(views, shape, strides);
        int[] offsets = new int[views.length];
        for (int v = 0; v < views.length; v++) {
            offsets[v] = views[v].offset();
        }
        for (int axis = 0; axis < axes; axis++) {
            if (shape[axis] == 0) {
                return;
            }
        }
        walk(row, axes, shape, strides, offsets);
    }

    private static void walk(Row row, int axes, int[] shape, int[][] strides, int[] offsets) {
        int last = axes - 1;
        int[] position = new int[axes];
        while (true) {
            row.run(shape[last], offsets, strides[last]);
            int axis = last - 1;
            while (axis >= 0 && ++position[axis] == shape[axis]) {
                position[axis] = 0;
                move(offsets, strides[axis], 1 - shape[axis]);
                axis--;
            }
            if (axis < 0) {
                return;
            }
            move(offsets, strides[axis], 1);
        }
    }

    private static void move(int[] offsets, int[] strides, int steps) {
        for (int v = 0; v < offsets.length; v++) {
            offsets[v] += steps * strides[v];
        }
    }

    private static int merge(StridedView[] views, int[] shape, int[][] strides) {
        int axes = 0;
        for (int axis = 0; axis < views[0].dimensions(); axis++) {
            int count = views[0].shape()[axis];
            if (count == 1) {
                continue;
            }
            if (axes == 0 || !follows(views, axis, strides[axes - 1])) {
                axes++;
                shape[axes - 1] = count;
            } else {
                shape[axes - 1] *= count;
            }
            for (int v = 0; v < views.length; v++) {
                strides[axes - 1][v] = views[v].strides()[axis];
            }
        }
        if (axes == 0) {
            shape[0] = 1;
            axes = 1;
        }
        return axes;
    }

    private static boolean follows(StridedView[] views, int axis, int[] outer) {
        for (int v = 0; v < views.length; v++) {
            if (outer[v] != views[v].strides()[axis] * views[v].shape()[axis]) {
                return false;
            }
        }
        return true;
    }

    /**
     * Copies elements from view to view, converting between types.
     *
     * @param source read
     * @param from how it is walked
     * @param target written
     * @param to how it is walked, of the same shape
     */
    static void copy(Elements source, StridedView from, Elements target, StridedView to) {
        boolean sameType = source.type() == target.type();
        run(
                (count, offsets, strides) -> {
                    if (sameType && strides[0] == 1 && strides[1] == 1) {
                        target.copy(offsets[1], source, offsets[0], count);
                        return;
                    }
                    for (int i = 0; i < count; i++) {
                        int at = offsets[1] + i * strides[1];
                        if (sameType) {
                            target.copy(at, source, offsets[0] + i * strides[0]);
                        } else {
                            target.set(at, source, offsets[0] + i * strides[0]);
                        }
                    }
                },
                from,
                to);
    }
}
