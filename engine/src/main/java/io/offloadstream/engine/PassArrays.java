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
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The float32 arrays that a pass writes, allocated from the model's budget before it begins: what
 * does not fit is refused before anything is read. Closing frees them unless they were given away.
 */
final class PassArrays implements AutoCloseable {

    private final NDList arrays = new NDList();

    private PassArrays() {}

    /**
     * Allocates the arrays.
     *
     * @param manager of the model, whose budget pays
     * @param budget the model's budget
     * @param purpose what they are, for the message
     * @param shapes of the arrays
     * @return the arrays, for the caller to close
     * @throws io.offloadstream.platform.BudgetExceededException if they do not fit together; the
     *     message has the number
     */
    static PassArrays allocate(
            OfsNDManager manager, MemoryBudget budget, String purpose, List<Shape> shapes) {
        long sizeBytes = 0;
        for (Shape shape : shapes) {
            sizeBytes += HostMemory.chargedBytes(4 * shape.size());
        }
        String named =
                purpose
                        + " "
                        + shapes.stream()
                                .distinct()
                                .map(Shape::toString)
                                .collect(Collectors.joining(", "))
                        + " float32";
        // one reservation for all gives resident weights the chance to yield, and the caller one
        // number instead of that of whichever array came last
        budget.reserve(named, sizeBytes).close();
        PassArrays result = new PassArrays();
        boolean done = false;
        try {
            for (Shape shape : shapes) {
                result.arrays.add(manager.create(shape, DataType.FLOAT32));
            }
            done = true;
            return result;
        } finally {
            if (!done) {
                result.close();
            }
        }
    }

    /**
     * Views an array as rows of its last dimension.
     *
     * @param index which array
     * @return (rows, columns) float32
     */
    Tensor rows(int index) {
        Shape shape = arrays.get(index).getShape();
        long columns = shape.getLastDimension();
        return new Tensor(DType.F32, address(index), shape.size() / columns, columns);
    }

    /**
     * Returns where an array is.
     *
     * @param index which array
     * @return the address of its first element
     */
    long address(int index) {
        return ((OfsNDArray) arrays.get(index)).address();
    }

    /**
     * Gives the arrays to whom the inputs belong.
     *
     * @param manager of the inputs
     * @return the arrays
     */
    NDList giveTo(NDManager manager) {
        NDList given = new NDList(arrays);
        given.attach(manager);
        arrays.clear();
        return given;
    }

    @Override
    public void close() {
        arrays.forEach(NDArray::close);
        arrays.clear();
    }
}
