/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDManager;
import io.offloadstream.device.Backends;
import io.offloadstream.platform.MemoryBudget;
import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;

/**
 * The engine {@code OffloadStream}: runs transformers larger than memory by streaming their blocks
 * from disk.
 */
public final class OfsEngine extends Engine {

    /** What {@code Criteria.optEngine} is given. */
    public static final String ENGINE_NAME = "OffloadStream";

    /** Behind every engine that computes with arrays: it is chosen by name, never by default. */
    static final int RANK = 20;

    private final String version = readVersion();

    OfsEngine() {}

    private static String readVersion() {
        try (InputStream in = OfsEngine.class.getResourceAsStream("engine.properties")) {
            Properties properties = new Properties();
            properties.load(in);
            return properties.getProperty("version");
        } catch (IOException e) {
            throw new EngineException("engine.properties is missing from the OffloadStream jar", e);
        }
    }

    /** There is none: operations that our arrays lack are refused by name, not moved elsewhere. */
    @Override
    public Engine getAlternativeEngine() {
        return null;
    }

    @Override
    public String getEngineName() {
        return ENGINE_NAME;
    }

    @Override
    public int getRank() {
        return RANK;
    }

    @Override
    public String getVersion() {
        return version;
    }

    /** The engine has none of the standard capabilities: it uses neither CUDA, MKL nor OpenMP. */
    @Override
    public boolean hasCapability(String capability) {
        return false;
    }

    /** Where a model runs that asks for nothing: the first card, if there is one. */
    @Override
    public Device defaultDevice() {
        return getGpuCount() > 0 ? Device.gpu(0) : Device.cpu();
    }

    /** Returns how many cards {@code offloadstream devices} lists, of CUDA and OpenCL together. */
    @Override
    public int getGpuCount() {
        return Backends.devices().gpuCount();
    }

    @Override
    public Model newModel(String name, Device device) {
        return new OfsModel(name, device);
    }

    @Override
    public NDManager newBaseManager() {
        return newBaseManager(null);
    }

    @Override
    public NDManager newBaseManager(Device device) {
        return new OfsNDManager(
                OfsNDManager.getSystemManager(), device, MemoryBudget.unlimited("NDArrays"));
    }
}
