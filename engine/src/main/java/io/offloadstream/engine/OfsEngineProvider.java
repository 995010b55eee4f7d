/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import ai.djl.engine.Engine;
import ai.djl.engine.EngineProvider;

/** Tells DJL that the engine is there; DJL finds it by {@link java.util.ServiceLoader}. */
public final class OfsEngineProvider implements EngineProvider {

    @Override
    public String getEngineName() {
        return OfsEngine.ENGINE_NAME;
    }

    @Override
    public int getEngineRank() {
        return OfsEngine.RANK;
    }

    @Override
    public Engine getEngine() {
        return EngineHolder.INSTANCE;
    }

    private static final class EngineHolder {
        static final Engine INSTANCE = new OfsEngine();
    }
}
