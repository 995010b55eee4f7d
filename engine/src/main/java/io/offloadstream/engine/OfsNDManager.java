/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.offloadstream.platform.MemoryBudget;
import java.io.IOException;
import java.io.InputStream;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Owner of arrays, which it charges to a memory budget: the model's, or where there is no model an
 * unlimited one that counts only. Closing it frees its arrays and those of its sub-managers.
 *
 * <p>Arrays are in host memory, whatever device the model computes on: only weights, keys and
 * values, and activations live there, and what a pass returns is copied to the host once, at its
 * end. So the managers of a model are of {@code Device.cpu()}.
 */
public class OfsNDManager extends UnsupportedNDManager {

    private final MemoryBudget budget;

    /**
     * Constructs a manager of arrays that belong to a model.
     *
     * @param parent closes this one when it is closed; {@link #getSystemManager()} never is
     * @param device null for the cpu, where all arrays are whatever device is named
     * @param budget what the arrays are charged to; stays open
     */
    @SuppressWarnings("this-escape")
    public OfsNDManager(NDManager parent, Device device, MemoryBudget budget) {
        // Not the engine's default, where models compute
        super(parent, device == null ? Device.cpu() : device);
        this.budget = budget;
        if (parent != null) {
            parent.attachInternal(uid, this);
        }
    }

    /**
     * Returns the root of all managers.
     *
     * @return the one that is never closed
     */
    static OfsNDManager getSystemManager() {
        return SystemHolder.INSTANCE;
    }

    /**
     * Returns what the arrays are charged to.
     *
     * @return the budget, which sub-managers share
     */
    public MemoryBudget budget() {
        return budget;
    }

    @Override
    public final Engine getEngine() {
        return Engine.getEngine(OfsEngine.ENGINE_NAME);
    }

    @Override
    public OfsNDManager newSubManager(Device device) {
        return new OfsNDManager(this, device, budget);
    }

    /** Returns a buffer on the JVM heap: DJL fills it, and creates an array of it. */
    @Override
    public ByteBuffer allocateDirect(int capacity) {
        return ByteBuffer.allocate(capacity).order(ByteOrder.nativeOrder());
    }

    /**
     * Returns the array itself where it is of this engine, else a copy that belongs to this
     * manager.
     */
    @Override
    public OfsNDArray from(NDArray array) {
        if (array == null || array instanceof OfsNDArray) {
            return (OfsNDArray) array;
        }
        OfsNDArray copy = create(array.getShape(), array.getDataType());
        copy.set(array.toByteBuffer());
        copy.setName(array.getName());
        return copy;
    }

    @Override
    public OfsNDArray create(Shape shape, DataType dataType) {
        return OfsNDArray.allocate(this, budget, shape, dataType);
    }

    @Override
    public OfsNDArray create(Buffer data, Shape shape, DataType dataType) {
        OfsNDArray array = create(shape, dataType);
        return FilledArrays.closingOnFailure(array, () -> array.set(data));
    }

    @Override
    public OfsNDArray zeros(Shape shape, DataType dataType) {
        return create(shape, dataType);
    }

    @Override
    public OfsNDArray ones(Shape shape, DataType dataType) {
        return full(shape, 1, dataType);
    }

    @Override
    public OfsNDArray full(Shape shape, float value, DataType dataType) {
        OfsNDArray array = create(shape, dataType);
        return FilledArrays.closingOnFailure(array, () -> array.fill(value));
    }

    @Override
    public OfsNDArray arange(float start, float stop, float step, DataType dataType) {
        return FilledArrays.arange(this, start, stop, step, dataType);
    }

    /** Counts in integers, which a float does not hold beyond 16,777,216. */
    @Override
    public OfsNDArray arange(int start, int stop, int step, DataType dataType) {
        return FilledArrays.arange(this, start, stop, step, dataType);
    }

    @Override
    public OfsNDArray eye(int rows, int cols, int k, DataType dataType) {
        return FilledArrays.eye(this, rows, cols, k, dataType);
    }

    @Override
    public OfsNDArray linspace(float start, float stop, int num, boolean endpoint) {
        return FilledArrays.linspace(this, start, stop, num, endpoint);
    }

    @Override
    public OfsNDArray randomUniform(float low, float high, Shape shape, DataType dataType) {
        return FilledArrays.randomUniform(this, low, high, shape, dataType);
    }

    @Override
    public OfsNDArray randomNormal(float loc, float scale, Shape shape, DataType dataType) {
        return FilledArrays.randomNormal(this, loc, scale, shape, dataType);
    }

    @Override
    public OfsNDArray randomInteger(long low, long high, Shape shape, DataType dataType) {
        return FilledArrays.randomInteger(this, low, high, shape, dataType);
    }

    @Override
    public NDList load(Path path) {
        try (InputStream in = Files.newInputStream(path)) {
            return NDList.decode(this, in);
        } catch (IOException e) {
            throw new IllegalArgumentException("cannot read arrays from " + path, e);
        }
    }

    /** Made when first asked for: its device is the engine's, which must be registered by then. */
    private static final class SystemHolder {
        static final OfsNDManager INSTANCE = new SystemManager();
    }

    /** The root. It does not hold arrays, which nothing would ever take out again. */
    private static final class SystemManager extends OfsNDManager implements SystemNDManager {

        SystemManager() {
            super(null, null, MemoryBudget.unlimited("NDArrays"));
        }

        @Override
        public synchronized void attachInternal(String resourceId, AutoCloseable... added) {
            if (added.length != 1 || !(added[0] instanceof NDArray)) {
                super.attachInternal(resourceId, added);
            }
        }

        @Override
        public void close() {
            // never: it lives as long as the process
        }
    }
}
