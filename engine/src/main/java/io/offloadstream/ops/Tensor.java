/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.ops;

import io.offloadstream.platform.DType;
import java.util.Arrays;

/**
 * A dense, row-major array at an address: dtype, shape, where. A view that owns nothing; its owner
 * is the workspace, lease or cache that it came from. The address is the device's, not always the
 * host's.
 */
public final class Tensor {

    private final DType type;
    private final long address;
    private final long[] shape;
    private final long escapes;
    private final int firstRow;

    /**
     * Constructs a view.
     *
     * @param type element type
     * @param address first element
     * @param shape dimensions, outermost first
     */
    public Tensor(DType type, long address, long... shape) {
        this(type, address, 0, 0, shape.clone());
    }

    private Tensor(DType type, long address, long escapes, int firstRow, long[] shape) {
        this.type = type;
        this.address = address;
        this.escapes = escapes;
        this.firstRow = firstRow;
        this.shape = shape;
    }

    /**
     * Constructs a view of rows of a losslessly packed tensor.
     *
     * @param address first block
     * @param escapes address of the escapes of the whole tensor
     * @param firstRow which row of the whole tensor the first one is
     * @param shape dimensions, outermost first
     * @return the view, of {@link DType#BF16_PACKED}
     */
    public static Tensor packed(long address, long escapes, int firstRow, long... shape) {
        return new Tensor(DType.BF16_PACKED, address, escapes, firstRow, shape.clone());
    }

    /**
     * Returns the element type.
     *
     * @return the dtype
     */
    public DType type() {
        return type;
    }

    /**
     * Returns where the first element is.
     *
     * @return an address of the device
     */
    public long address() {
        return address;
    }

    /**
     * Returns where the escapes of a losslessly packed tensor are.
     *
     * @return an address of the device, 0 for any other tensor
     */
    public long escapes() {
        return escapes;
    }

    /**
     * Returns which row of the whole tensor the first one is: escapes are found by that.
     *
     * @return 0 unless this is losslessly packed and a part
     */
    public int firstRow() {
        return firstRow;
    }

    /**
     * Returns the shape.
     *
     * @return a copy, outermost dimension first
     */
    public long[] shape() {
        return shape.clone();
    }

    /**
     * Returns the number of rows: the product of all dimensions but the last.
     *
     * @return rows, 1 for a vector
     */
    public int rows() {
        long rows = 1;
        for (int i = 0; i < shape.length - 1; i++) {
            rows *= shape[i];
        }
        return Math.toIntExact(rows);
    }

    /**
     * Returns the length of a row: the last dimension.
     *
     * @return elements
     */
    public int columns() {
        return Math.toIntExact(shape[shape.length - 1]);
    }

    /**
     * Returns the number of elements.
     *
     * @return rows times columns
     */
    public long count() {
        return (long) rows() * columns();
    }

    /**
     * Returns the size.
     *
     * @return bytes
     */
    public long sizeBytes() {
        return rows() * type.bytes(columns());
    }

    /**
     * Views some rows.
     *
     * @param begin first row
     * @param end one past the last row
     * @return (end - begin, columns)
     */
    public Tensor rows(int begin, int end) {
        if (begin < 0 || begin > end || end > rows()) {
            throw new IndexOutOfBoundsException("rows [" + begin + ", " + end + ") of " + this);
        }
        long rowBytes = type.bytes(columns());
        long[] part = {end - begin, columns()};
        return new Tensor(type, address + begin * rowBytes, escapes, firstRow + begin, part);
    }

    @Override
    public String toString() {
        return type + Arrays.toString(shape);
    }
}
