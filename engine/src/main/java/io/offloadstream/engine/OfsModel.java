/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import ai.djl.BaseModel;
import ai.djl.Device;
import java.nio.file.Path;
import java.util.Map;

/** Placeholder; the branch of the DJL model replaces it. */
class OfsModel extends BaseModel {

    OfsModel(String name, Device device) {
        super(name);
        manager = new OfsEngine().newBaseManager(device);
    }

    @Override
    public void load(Path modelPath, String prefix, Map<String, ?> options) {
        throw new UnsupportedOperationException("pending");
    }
}
