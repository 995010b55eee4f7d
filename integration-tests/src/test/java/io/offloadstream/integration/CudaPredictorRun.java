/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import ai.djl.Device;
import ai.djl.ndarray.NDList;
import ai.djl.repository.zoo.ZooModel;
import io.offloadstream.engine.OfsModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * The main class of a JVM with {@link FakeCuda}: opens predictors of a model on the card.
 * Arguments: the model, the folder of the libraries, the file that takes where the predictors are.
 */
final class CudaPredictorRun {

    private static final long MEMORY_BYTES = 512L << 20;

    private CudaPredictorRun() {}

    public static void main(String[] arguments) throws Exception {
        Path output = Path.of(arguments[2]);
        FakeCuda.install(Path.of(arguments[1]), Path.of(output + ".cache"));
        Map<String, String> options = Budgets.plenty(1, 16, "direct");
        options.remove("backend");
        options.put("deviceMemory", Long.toString(MEMORY_BYTES));
        StringBuilder found = new StringBuilder();
        try (ZooModel<NDList, NDList> model =
                Djl.load(Path.of(arguments[0]), NDList.class, NDList.class, options)) {
            found.append(((OfsModel) model.getWrappedModel()).getDevice()).append(", arrays ");
            found.append(model.getNDManager().getDevice());
            // DJL asks for the arrays' device here
            model.newPredictor().close();
            model.newPredictor(model.getTranslator(), null).close();
            model.newPredictor(model.getTranslator(), Device.gpu(0)).close();
            try {
                model.newPredictor(model.getTranslator(), Device.gpu(1)).close();
            } catch (IllegalArgumentException e) {
                found.append("; ").append(e.getMessage());
            }
        }
        Files.writeString(output, found);
    }
}
