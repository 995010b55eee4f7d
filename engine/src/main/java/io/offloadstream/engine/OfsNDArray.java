/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.internal.NDArrayEx;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.offloadstream.platform.MemoryBudget;
import java.util.function.Function;

/**
 * A dense array off the JVM heap, little-endian on every machine we support, charged to the memory
 * budget of its manager.
 *
 * <p>It holds what goes into a model and comes out of it, and has the operations that DJL's text
 * generation, batchifiers and translators call; the model itself computes elsewhere. Other
 * operations throw {@link UnsupportedOperationException} with their name. Results belong to the
 * manager of the array that a method is called on, and follow PyTorch's rules for shapes and types.
 * An array takes at most 2 GiB, as DJL's own buffers do. Not thread-safe, as in DJL's other
 * engines.
 */
public final class OfsNDArray extends ReducedArray {

    private final OfsNDArrayEx extension = new OfsNDArrayEx(this);

    private OfsNDArray(NDManager manager, ArrayMemory memory, Shape shape, DataType dataType) {
        super(manager, memory, shape, dataType);
    }

    /** Allocates a zeroed array. */
    static OfsNDArray allocate(NDManager owner, MemoryBudget budget, Shape shape, DataType type) {
        ElementTypes.requireStorable(type);
        long sizeBytes = type.getNumOfBytes();
        for (long count : shape.getShape()) {
            if (count < 0) {
                throw new IllegalArgumentException("shape " + shape + " has a negative size");
            }
            sizeBytes = count == 0 ? 0 : saturatedProduct(sizeBytes, count);
        }
        if (sizeBytes > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "an NDArray of shape "
                            + shape
                            + " "
                            + type
                            + " takes "
                            + sizeBytes
                            + " bytes, more than the "
                            + Integer.MAX_VALUE
                            + " of one NDArray; use a smaller batch or fewer tokens");
        }
        return open(owner, ArrayMemory.allocate(budget, (int) sizeBytes), shape, type);
    }

    private static long saturatedProduct(long a, long b) {
        return a > Long.MAX_VALUE / b ? Long.MAX_VALUE : a * b;
    }

    /** Makes an array of memory, which is released if that fails. */
    static OfsNDArray open(NDManager owner, ArrayMemory memory, Shape shape, DataType type) {
        OfsNDArray array = new OfsNDArray(owner, memory, shape, type);
        boolean attached = false;
        try {
            owner.attachInternal(array.getUid(), array);
            attached = owner.isOpen();
            if (!attached) {
                // it was closed meanwhile, and may have missed the array
                throw new IllegalStateException("the NDManager has been closed");
            }
        } finally {
            if (!attached) {
                array.close();
            }
        }
        NDScope.register(array);
        return array;
    }

    @Override
    OfsNDArray self() {
        return this;
    }

    /**
     * Returns where the elements are.
     *
     * @return the address of the first, valid until this array is closed; 0 where there are none
     * @throws IllegalStateException if it is closed
     */
    public long address() {
        return memoryAddress();
    }

    @Override
    public NDArray get(NDManager manager, NDIndex index) {
        return new OfsArrayIndexer(manager).get(this, index);
    }

    @Override
    public NDArray get(NDIndex index) {
        return get(getManager(), index);
    }

    @Override
    public void set(NDIndex index, NDArray value) {
        new OfsArrayIndexer(getManager()).set(this, index, value);
    }

    @Override
    public void set(NDIndex index, Number value) {
        new OfsArrayIndexer(getManager()).set(this, index, value);
    }

    @Override
    public void set(NDIndex index, Function<NDArray, NDArray> function) {
        try (NDArray old = get(index)) {
            set(index, function.apply(old));
        }
    }

    @Override
    public void set(NDArray index, Number value) {
        set(new NDIndex("{}", index), value);
    }

    @Override
    public void setScalar(NDIndex index, Number value) {
        new OfsArrayIndexer(getManager()).setScalar(this, index, value);
    }

    @Override
    public NDArray booleanMask(NDArray index, int axis) {
        return get(new NDIndex().addAllDim(axis).addBooleanIndex(index));
    }

    @Override
    public OfsNDArray sequenceMask(NDArray sequenceLength) {
        throw unsupported("sequenceMask");
    }

    @Override
    public OfsNDArray gather(NDArray index, int axis) {
        return Gathering.gather(this, getManager(), index, axis);
    }

    @Override
    public OfsNDArray take(NDManager manager, NDArray index) {
        return Gathering.take(this, manager, index);
    }

    @Override
    public OfsNDArray nonzero() {
        return Gathering.nonzero(this);
    }

    @Override
    public OfsNDArray oneHot(int depth, float onValue, float offValue, DataType dataType) {
        return Gathering.oneHot(this, depth, onValue, offValue, dataType);
    }

    @Override
    public OfsNDArray matMul(NDArray other) {
        return MatrixProduct.of(this, other);
    }

    @Override
    public OfsNDArray batchMatMul(NDArray other) {
        if (getShape().dimension() != 3 || other.getShape().dimension() != 3) {
            throw new IllegalArgumentException(
                    "batchMatMul needs (batch, n, k) and (batch, k, m): "
                            + getShape()
                            + " and "
                            + other.getShape());
        }
        return MatrixProduct.of(this, other);
    }

    /** Of vectors and matrices, where it is what {@link #matMul} is. */
    @Override
    public OfsNDArray dot(NDArray other) {
        if (getShape().dimension() > 2 || other.getShape().dimension() > 2) {
            throw unsupported("dot of more than 2 dimensions");
        }
        return MatrixProduct.of(this, other);
    }

    @Override
    public NDArrayEx getNDArrayInternal() {
        return extension;
    }
}
