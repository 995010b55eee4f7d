/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import ai.djl.MalformedModelException;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDList;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import io.offloadstream.engine.OfsModel;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.zoo.OfsTranslatorFactory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.testng.SkipException;

/** Loads models as a DJL user does. */
final class Djl {

    static final String ENGINE = "OffloadStream";
    static final String PYTORCH = "PyTorch";

    private Djl() {}

    static <I, O> ZooModel<I, O> load(
            Path directory, Class<I> input, Class<O> output, Map<String, String> options)
            throws ModelNotFoundException, MalformedModelException, IOException {
        Criteria.Builder<I, O> criteria =
                Criteria.builder()
                        .setTypes(input, output)
                        .optEngine(ENGINE)
                        .optModelPath(directory)
                        .optTranslatorFactory(new OfsTranslatorFactory());
        options.forEach(criteria::optOption);
        return criteria.build().loadModel();
    }

    /** The model that outputs plain logits, on either engine. */
    static ZooModel<NDList, NDList> loadLogits(
            Path directory, String engine, Map<String, String> options)
            throws ModelNotFoundException, MalformedModelException, IOException {
        Criteria.Builder<NDList, NDList> criteria =
                Criteria.builder()
                        .setTypes(NDList.class, NDList.class)
                        .optEngine(engine)
                        .optModelPath(directory);
        options.forEach(criteria::optOption);
        return criteria.build().loadModel();
    }

    /** The original model, traced, in the PyTorch engine; skips the test where there is none. */
    static ZooModel<NDList, NDList> loadTraced(Goldens goldens)
            throws ModelNotFoundException, MalformedModelException, IOException {
        if (!Engine.hasEngine(PYTORCH)) {
            throw new SkipException("no PyTorch engine for this platform");
        }
        Path traced = goldens.directory().resolve("expected/torchscript.pt");
        return loadLogits(traced, PYTORCH, Map.of());
    }

    static StreamedModel streamed(ZooModel<?, ?> model) {
        return ((OfsModel) model.getWrappedModel()).streamedModel();
    }
}
