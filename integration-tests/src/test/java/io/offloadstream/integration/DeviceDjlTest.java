/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import ai.djl.Device;
import ai.djl.inference.Predictor;
import ai.djl.repository.zoo.ZooModel;
import io.offloadstream.zoo.TextStream;
import java.nio.file.Path;
import java.util.Map;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** What a DJL user sees of a device: Criteria, predictors, streams, where arrays are. */
public class DeviceDjlTest {

    private static final String PROMPT = "Once upon a time there was a";

    @DataProvider
    Object[][] backends() {
        return TestDevices.with(new Object[][] {{}});
    }

    private static Path storyteller() {
        Path root = Path.of(System.getProperty("offloadstream.root"));
        return root.resolve("examples/src/main/resources/storyteller");
    }

    @Test(dataProvider = "backends")
    public void predictionAndStreamingGiveOneStory(String backend) throws Exception {
        TestDevices.require(backend);
        Map<String, String> options = TestDevices.plenty(backend, 1, 320);
        String story;
        try (ZooModel<String, String> model =
                        Djl.load(storyteller(), String.class, String.class, options);
                Predictor<String, String> predictor = model.newPredictor()) {
            assertTrue(Djl.streamed(model).backendName().startsWith(backend));
            assertEquals(model.getNDManager().getDevice(), Device.cpu(), "arrays");
            story = predictor.predict(PROMPT);
            assertTrue(story.length() > 100, story);
            StringBuilder streamed = new StringBuilder();
            try (TextStream text = (TextStream) predictor.streamingPredict(PROMPT)) {
                text.forEachRemaining(streamed::append);
            }
            assertTrue(!streamed.isEmpty(), "streamed text");
        }
        Leaks.assertNone(storyteller());
    }
}
