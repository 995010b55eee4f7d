/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import java.util.Arrays;

/** Products of matrices, as PyTorch's matmul shapes them. For post-processing, not for models. */
final class MatrixProduct {

    private MatrixProduct() {}

    /**
     * Multiplies matrices, vectors, or batches of matrices.
     *
     * @param a (..., n, k), or (k)
     * @param b (..., k, m), or (k)
     * @return (..., n, m), without the axes that a vector lacks; the leading axes broadcast
     */
    static OfsNDArray of(OfsNDArray a, NDArray b) {
        StridedView viewA = StridedView.dense(a.sizes());
        StridedView viewB = StridedView.dense(StridedView.sizes(b.getShape()));
        if (viewA.dimensions() == 0 || viewB.dimensions() == 0) {
            throw new IllegalArgumentException("matMul of a scalar; use mul");
        }
        boolean vectorA = viewA.dimensions() == 1;
        boolean vectorB = viewB.dimensions() == 1;
        StridedView left = vectorA ? viewA.insert(0, 1) : viewA;
        StridedView right = vectorB ? viewB.insert(1, 1) : viewB;
        int dimsA = left.dimensions();
        int dimsB = right.dimensions();
        int inner = left.shape()[dimsA - 1];
        if (right.shape()[dimsB - 2] != inner) {
            throw new IllegalArgumentException(
                    "matMul of shapes " + a.getShape() + " and " + b.getShape());
        }
        int[] batch =
                StridedView.broadcast(
                        Arrays.copyOf(left.shape(), dimsA - 2),
                        Arrays.copyOf(right.shape(), dimsB - 2));
        int rows = left.shape()[dimsA - 2];
        int columns = right.shape()[dimsB - 1];
        int[] full = append(batch, rows, columns);
        DataType type = ElementTypes.common(a.getDataType(), b.getDataType());
        ElementTypes.requireComputable("matMul", type);
        int[] shown = batch;
        shown = vectorA ? shown : append(shown, rows);
        shown = vectorB ? shown : append(shown, columns);
        OfsNDArray result = a.newArray(type, shown);
        Elements elementsA = a.elements();
        Elements elementsB = StoredArray.elementsOf(b);
        Elements out = result.elements();
        int stepA = left.strides()[dimsA - 1];
        int stepB = right.strides()[dimsB - 2];
        // the inner axis is walked by the loop below
        StridedView rowsOfA = left.drop(dimsA - 1).insert(dimsA - 1, columns);
        StridedView columnsOfB = right.drop(dimsB - 2).insert(dimsB - 2, rows);
        StridedLoop.run(
                (count, at, step) -> {
                    for (int i = 0; i < count; i++) {
                        int atA = at[0] + i * step[0];
                        int atB = at[1] + i * step[1];
                        dot(
                                elementsA,
                                atA,
                                stepA,
                                elementsB,
                                atB,
                                stepB,
                                inner,
                                out,
                                at[2] + i * step[2]);
                    }
                },
                rowsOfA.broadcastTo(full),
                columnsOfB.broadcastTo(full),
                StridedView.dense(full));
        return result;
    }

    private static void dot(
            Elements a,
            int atA,
            int stepA,
            Elements b,
            int atB,
            int stepB,
            int count,
            Elements out,
            int at) {
        if (out.type().isFloating()) {
            double sum = 0;
            for (int i = 0; i < count; i++) {
                sum += a.real(atA + i * stepA) * b.real(atB + i * stepB);
            }
            out.setReal(at, sum);
        } else {
            long sum = 0;
            for (int i = 0; i < count; i++) {
                sum += a.whole(atA + i * stepA) * b.whole(atB + i * stepB);
            }
            out.setWhole(at, sum);
        }
    }

    private static int[] append(int[] values, int... more) {
        int[] result = Arrays.copyOf(values, values.length + more.length);
        System.arraycopy(more, 0, result, values.length, more.length);
        return result;
    }
}
