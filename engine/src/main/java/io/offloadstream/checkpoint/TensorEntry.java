/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.checkpoint;

import io.offloadstream.platform.DType;
import java.nio.file.Path;
import java.util.Arrays;

/** Where one stored tensor lies: dtype, shape and the extent of a file. Immutable. */
public final class TensorEntry {

    private final String name;
    private final String typeName;

    /** Null for a name that is not known. */
    private final DType type;

    private final long[] shape;
    private final Path file;
    private final long offset;
    private final long sizeBytes;
    private final long firstRow;

    /**
     * Constructs an entry of a known dtype, those of blocks included.
     *
     * @param name the tensor's name
     * @param type the dtype as stored
     * @param shape dimensions, outermost first
     * @param file the file it lies in
     * @param offset where its first byte is, from the start of the file
     * @param sizeBytes how many bytes it has
     */
    public TensorEntry(
            String name, DType type, long[] shape, Path file, long offset, long sizeBytes) {
        this(name, type.name(), type, shape, file, offset, sizeBytes, 0);
    }

    /**
     * Constructs an entry of a safetensors file.
     *
     * @param name the tensor's name
     * @param typeName the dtype as stored, known or not
     * @param shape dimensions, outermost first
     * @param file the file it lies in
     * @param offset where its first byte is, from the start of the file
     * @param sizeBytes how many bytes it has
     */
    public TensorEntry(
            String name, String typeName, long[] shape, Path file, long offset, long sizeBytes) {
        this(name, typeName, DType.find(typeName).orElse(null), shape, file, offset, sizeBytes, 0);
    }

    private TensorEntry(
            String name,
            String typeName,
            DType type,
            long[] shape,
            Path file,
            long offset,
            long sizeBytes,
            long firstRow) {
        this.name = name;
        this.typeName = typeName;
        this.type = type;
        this.shape = shape.clone();
        this.file = file;
        this.offset = offset;
        this.sizeBytes = sizeBytes;
        this.firstRow = firstRow;
    }

    /**
     * Returns rows of this tensor as a tensor of their own, for a table that travels in parts.
     *
     * @param begin first row (outermost dimension)
     * @param end one past the last row
     * @return the part
     */
    public TensorEntry rows(long begin, long end) {
        if (begin < 0 || end > shape[0] || begin >= end) {
            throw new IllegalArgumentException("rows [" + begin + ", " + end + ") of " + this);
        }
        long rowBytes = sizeBytes / shape[0];
        long[] part = shape.clone();
        part[0] = end - begin;
        return new TensorEntry(
                name,
                typeName,
                type,
                part,
                file,
                offset + begin * rowBytes,
                (end - begin) * rowBytes,
                firstRow + begin);
    }

    /**
     * Returns which row of the stored tensor the first one is.
     *
     * @return 0 unless this is a part that {@link #rows} gave
     */
    public long firstRow() {
        return firstRow;
    }

    /**
     * Returns the name.
     *
     * @return the name in the checkpoint
     */
    public String name() {
        return name;
    }

    /**
     * Tells whether the dtype is a known one.
     *
     * @return whether {@link #type} returns it
     */
    public boolean isTypeKnown() {
        return type != null;
    }

    /**
     * Returns the dtype.
     *
     * @return the dtype
     * @throws CheckpointException if it is not a known one
     */
    public DType type() {
        if (type == null) {
            throw new CheckpointException(
                    file
                            + ": tensor "
                            + name
                            + " has dtype "
                            + typeName
                            + ", known: "
                            + Arrays.toString(DType.values()));
        }
        return type;
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
     * Returns the file.
     *
     * @return the file it lies in
     */
    public Path file() {
        return file;
    }

    /**
     * Returns where the first byte is.
     *
     * @return bytes from the start of the file
     */
    public long offset() {
        return offset;
    }

    /**
     * Returns the size.
     *
     * @return bytes
     */
    public long sizeBytes() {
        return sizeBytes;
    }

    @Override
    public String toString() {
        return name + " " + typeName + Arrays.toString(shape);
    }
}
