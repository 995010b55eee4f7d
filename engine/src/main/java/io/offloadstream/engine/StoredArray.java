/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.offloadstream.platform.MemoryBudget;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The life of an array: its memory, its manager, its bytes going in and out. */
abstract class StoredArray extends UnsupportedArray {

    private ArrayMemory memory;
    private Elements elements;

    StoredArray(NDManager manager, ArrayMemory memory, Shape shape, DataType dataType) {
        super(manager, shape, dataType);
        this.memory = memory;
        this.elements = new Elements(dataType, memory.bytes());
    }

    abstract OfsNDArray self();

    /**
     * Returns the elements of any engine's array.
     *
     * @param array read, not kept
     * @return its elements, valid until it is closed
     */
    static Elements elementsOf(NDArray array) {
        if (array instanceof StoredArray ours) {
            return ours.elements();
        }
        ElementTypes.requireStorable(array.getDataType());
        return new Elements(array.getDataType(), array.toByteBuffer());
    }

    Elements elements() {
        requireOpen();
        return elements;
    }

    int[] sizes() {
        return StridedView.sizes(getShape());
    }

    /** Returns where the first element is; see {@link OfsNDArray#address()}. */
    long memoryAddress() {
        requireOpen();
        return memory.address();
    }

    /** Allocates a zeroed array that belongs to this one's manager. */
    OfsNDArray newArray(DataType type, int... sizes) {
        return newArray(getManager(), type, sizes);
    }

    OfsNDArray newArray(NDManager owner, DataType type, int... sizes) {
        requireOpen();
        return OfsNDArray.allocate(owner, budget(owner), StridedView.toShape(sizes), type);
    }

    /** Copies what a view of this array shows. */
    OfsNDArray copyOf(StridedView view) {
        return copyOf(getManager(), view);
    }

    OfsNDArray copyOf(NDManager owner, StridedView view) {
        OfsNDArray result = newArray(owner, getDataType(), view.shape());
        StridedLoop.copy(elements(), view, result.elements(), StridedView.dense(view.shape()));
        return result;
    }

    /** Shows the same bytes in another shape of the same size. */
    OfsNDArray sharing(Shape shape) {
        requireOpen();
        return OfsNDArray.open(getManager(), memory.share(), shape, getDataType());
    }

    /** Arrays without a manager of ours are charged to what they came from. */
    private MemoryBudget budget(NDManager owner) {
        boolean detached = owner instanceof NDManager.SystemNDManager;
        return owner instanceof OfsNDManager ours && !detached ? ours.budget() : memory.budget();
    }

    private void requireOpen() {
        if (isClosed) {
            throw new IllegalStateException("this NDArray has been closed already");
        }
    }

    @Override
    public void attach(NDManager newManager) {
        requireOpen();
        if (newManager == manager) {
            return;
        }
        // first the new owner, which may refuse: an array without any would never be freed
        newManager.attachInternal(getUid(), this);
        manager.detachInternal(getUid());
        manager = newManager;
    }

    @Override
    public void returnResource(NDManager original) {
        manager.detachInternal(getUid());
        manager = original;
        original.attachUncappedInternal(getUid(), this);
    }

    @Override
    public void tempAttach(NDManager newManager) {
        requireOpen();
        NDManager original = manager;
        if (newManager == original) {
            return;
        }
        newManager.tempAttachInternal(original, getUid(), this);
        original.detachInternal(getUid());
        manager = newManager;
    }

    @Override
    public void detach() {
        manager.detachInternal(getUid());
        manager = OfsNDManager.getSystemManager();
    }

    @Override
    public void close() {
        if (!isClosed) {
            super.close();
            memory.release();
        }
    }

    /** Takes over the bytes, shape and type of another array of this engine, which is closed. */
    @Override
    @SuppressWarnings("ReferenceEquality") // arrays are equal by content
    public void intern(NDArray replaced) {
        requireOpen();
        StoredArray other = (StoredArray) replaced;
        if (other == this) {
            return;
        }
        other.requireOpen();
        ArrayMemory old = memory;
        memory = other.memory.share();
        elements = other.elements;
        shape = other.shape;
        dataType = other.dataType;
        old.release();
        replaced.close();
    }

    @Override
    public ByteBuffer toByteBuffer(boolean tryDirect) {
        requireOpen();
        ByteBuffer bytes = memory.bytes().duplicate().order(ByteOrder.nativeOrder());
        if (tryDirect) {
            return bytes;
        }
        ByteBuffer copy = ByteBuffer.allocate(bytes.remaining()).order(ByteOrder.nativeOrder());
        return copy.put(bytes).rewind();
    }

    @Override
    public void set(Buffer buffer) {
        requireOpen();
        BufferCopy.copy(buffer, dataType, elements, Math.toIntExact(shape.size()));
    }

    @Override
    public void copyTo(NDArray array) {
        if (array instanceof StoredArray target) {
            StridedView all = StridedView.dense(Math.toIntExact(size()));
            if (target.size() != size()) {
                throw new IllegalArgumentException(
                        "an array of shape "
                                + getShape()
                                + " cannot be copied to one of shape "
                                + target.getShape());
            }
            StridedLoop.copy(elements(), all, target.elements(), all);
        } else {
            array.set(dataType.asDataType(toByteBuffer()));
        }
    }

    @Override
    public OfsNDArray duplicate() {
        OfsNDArray copy = copyOf(StridedView.dense(sizes()));
        copy.setName(getName());
        return copy;
    }

    @Override
    public OfsNDArray toType(DataType type, boolean copy) {
        if (type == getDataType()) {
            return copy ? duplicate() : self();
        }
        OfsNDArray result = newArray(type, sizes());
        StridedView all = StridedView.dense(sizes());
        StridedLoop.copy(elements(), all, result.elements(), all);
        result.setName(getName());
        return result;
    }

    @Override
    public OfsNDArray zerosLike() {
        return newArray(getDataType(), sizes());
    }

    @Override
    public OfsNDArray onesLike() {
        OfsNDArray result = zerosLike();
        result.fill(1);
        return result;
    }

    @Override
    public OfsNDArray like() {
        return newArray(DataType.FLOAT32, sizes());
    }

    void fill(Number value) {
        StridedView all = StridedView.dense(sizes());
        Elements number = Elementwise.number(value, getDataType());
        StridedLoop.copy(number, StridedView.dense().broadcastTo(sizes()), elements(), all);
    }

    @Override
    public OfsNDArray toDense() {
        return self();
    }
}
