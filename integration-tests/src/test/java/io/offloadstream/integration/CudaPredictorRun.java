/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.ndarray.NDList;
import ai.djl.repository.zoo.ZooModel;
import io.offloadstream.engine.OfsModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * The main class of a JVM with {@link FakeCuda}: opens predictors of a model on the card, and a
 * model that does not load. Arguments: the model, the folder of the libraries, the file that takes
 * where the predictors and the other model are.
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
        found.append("; not loaded: ").append(deviceOfDamaged(output, options));
        Files.writeString(output, found);
    }

    /** What a model says of itself that did not load once the card was open. */
    private static Device deviceOfDamaged(Path output, Map<String, String> options)
            throws Exception {
        Path directory = Files.createDirectory(Path.of(output + ".damaged"));
        Files.writeString(directory.resolve("config.json"), "{\"architectures\": [\"NoSuch\"]}");
        try (Model model = Model.newInstance("damaged", Djl.ENGINE)) {
            try {
                model.load(directory, null, options);
                throw new AssertionError("a damaged model was loaded");
            } catch (MalformedModelException e) {
                return ((OfsModel) model).getDevice();
            }
        }
    }
}
