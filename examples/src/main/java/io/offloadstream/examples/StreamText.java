/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import ai.djl.ModelException;
import ai.djl.inference.Predictor;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.TranslateException;
import io.offloadstream.platform.SuppressForbidden;
import io.offloadstream.zoo.OfsTranslatorFactory;
import io.offloadstream.zoo.TextStream;
import java.io.IOException;
import java.nio.file.Path;

/** To copy: text as it is made, from a model that may be larger than its memory budget. */
public final class StreamText {

    private StreamText() {}

    /**
     * Answers a message.
     *
     * @param args model directory, message, hostMemory; without them a story from the storyteller
     * @throws IOException if the model cannot be read
     * @throws ModelException if it is damaged or not supported
     * @throws TranslateException if a pass fails
     */
    @SuppressForbidden("prints the text")
    public static void main(String[] args) throws IOException, ModelException, TranslateException {
        Path directory = args.length > 0 ? Path.of(args[0]) : Storyteller.unpack();
        String message = args.length > 1 ? args[1] : "Tell me a story about an owl and a red kite.";
        String hostMemory = args.length > 2 ? args[2] : "auto";

        Criteria<String, String> criteria =
                Criteria.builder()
                        .setTypes(String.class, String.class)
                        .optEngine("OffloadStream")
                        .optModelPath(directory)
                        .optOption("hostMemory", hostMemory)
                        .optTranslatorFactory(new OfsTranslatorFactory())
                        .optArgument("applyChatTemplate", true) // the prompt is a user's message
                        .optArgument("max_new_tokens", 250)
                        .optArgument("seed", 1)
                        .build();
        try (ZooModel<String, String> model = criteria.loadModel();
                Predictor<String, String> predictor = model.newPredictor();
                TextStream text = (TextStream) predictor.streamingPredict(message)) {
            while (text.hasNext()) {
                System.out.print(text.next());
                System.out.flush();
            }
            System.out.println();
        }
    }
}
