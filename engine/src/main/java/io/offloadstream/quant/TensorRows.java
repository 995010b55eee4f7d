/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.quant;

import io.offloadstream.platform.DType;
import java.io.IOException;

/** The rows of a stored tensor, read as often as is asked. Used by one thread. */
public interface TensorRows {

    /**
     * Returns the name.
     *
     * @return the name in the checkpoint
     */
    String name();

    /**
     * Returns the element type.
     *
     * @return the dtype
     */
    DType type();

    /**
     * Returns the shape.
     *
     * @return dimensions, outermost first
     */
    long[] shape();

    /**
     * Reads consecutive rows.
     *
     * @param begin first row
     * @param count how many, at most what the target holds
     * @param target gets them from its start, little-endian
     * @throws IOException if they cannot be read
     */
    void read(long begin, int count, byte[] target) throws IOException;

    /**
     * Returns the number of rows.
     *
     * @return the product of all dimensions but the last
     */
    default long rows() {
        long rows = 1;
        long[] shape = shape();
        for (int i = 0; i < shape.length - 1; i++) {
            rows *= shape[i];
        }
        return rows;
    }

    /**
     * Returns the length of a row.
     *
     * @return the last dimension in elements, 1 for a scalar
     */
    default int columns() {
        long[] shape = shape();
        return shape.length == 0 ? 1 : Math.toIntExact(shape[shape.length - 1]);
    }

    /**
     * Returns the size of a row.
     *
     * @return bytes
     */
    default int rowBytes() {
        return Math.toIntExact(type().bytes(columns()));
    }
}
