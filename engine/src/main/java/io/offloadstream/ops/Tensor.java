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
    private final long escapes;
    private final int firstRow;
    private final long rows;
    private final long columns;

    /** Null for (rows, columns), which nearly all are that are made in a pass. */
    private final long[] otherShape;

    /**
     * Constructs a view.
     *
     * @param type element type
     * @param address first element
     * @param shape dimensions, outermost first
     */
    public Tensor(DType type, long address, long... shape) {
        this(type, address, 0, 0, shape);
    }

    private Tensor(DType type, long address, long escapes, int firstRow, long[] shape) {
        this.type = type;
        this.address = address;
        this.escapes = escapes;
        this.firstRow = firstRow;
        this.columns = shape.length == 0 ? 1 : shape[shape.length - 1];
        this.otherShape = shape.length == 2 ? null : shape.clone();
        long product = 1;
        for (int i = 0; i < shape.length - 1; i++) {
            product *= shape[i];
        }
        this.rows = product;
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
        return new Tensor(DType.BF16_PACKED, address, escapes, firstRow, shape);
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
        return otherShape == null ? new long[] {rows, columns} : otherShape.clone();
    }

    /**
     * Returns the number of rows: the product of all dimensions but the last.
     *
     * @return rows, 1 for a vector
     */
    public int rows() {
        return Math.toIntExact(rows);
    }

    /**
     * Returns the length of a row: the last dimension.
     *
     * @return elements, 1 for a scalar
     */
    public int columns() {
        return Math.toIntExact(columns);
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
        return new Tensor(
                type,
                address + begin * rowBytes,
                escapes,
                firstRow + begin,
                new long[] {end - begin, columns});
    }

    @Override
    public String toString() {
        return type + Arrays.toString(shape());
    }
}
