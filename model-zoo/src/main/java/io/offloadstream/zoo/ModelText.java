/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.zoo;

import ai.djl.Model;
import ai.djl.ndarray.NDManager;
import io.offloadstream.text.ChatMessage;
import io.offloadstream.text.ChatTemplate;
import io.offloadstream.text.GenerationConfig;
import io.offloadstream.text.Sampler;
import io.offloadstream.text.TextPieces;
import io.offloadstream.text.TextTokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What a model directory has for text: tokenizer, chat template, generation defaults. Opened once
 * per translator and model, shared by its predictors, closed with the model.
 */
final class ModelText implements AutoCloseable {

    private final Path directory;
    private final TextTokenizer tokenizer;
    private ChatTemplate template;
    private final GenerationConfig defaults;

    private ModelText(Path directory, Map<String, ?> parameters) {
        this.directory = directory;
        defaults = GenerationConfig.read(directory).with(parameters);
        // last: nothing after it can fail and leave it open
        tokenizer = TextTokenizer.open(directory);
    }

    /** The texts of the models that one translator is used with. Thread-safe. */
    static final class ByModel {

        private final Map<Model, ModelText> open = new ConcurrentHashMap<>();
        private final Map<String, ?> parameters;

        /**
         * Prepares to open texts.
         *
         * @param parameters generation parameters that win over the model's own
         */
        ByModel(Map<String, ?> parameters) {
            this.parameters = Map.copyOf(parameters);
        }

        /**
         * Returns the text of a model, opening it the first time.
         *
         * @param model a loaded model, whose manager closes the text
         * @return its text
         */
        ModelText of(Model model) {
            return open.computeIfAbsent(model, this::open);
        }

        private ModelText open(Model model) {
            ModelText text = new ModelText(model.getModelPath(), parameters);
            AutoCloseable end =
                    () -> {
                        open.remove(model);
                        text.close();
                    };
            boolean attached = false;
            try {
                model.getNDManager().attachInternal(NDManager.nextUid(), end);
                attached = true;
                return text;
            } finally {
                if (!attached) {
                    text.close();
                }
            }
        }
    }

    /**
     * Splits a prompt into tokens.
     *
     * @param prompt plain text
     * @return ids, at least one
     */
    int[] encode(String prompt) {
        int[] ids = tokenizer.encode(prompt, true);
        if (ids.length == 0) {
            throw new IllegalArgumentException(
                    "the prompt has no tokens; give at least one character");
        }
        return ids;
    }

    /**
     * Renders a chat and splits it into tokens.
     *
     * @param messages the conversation, the last one to be answered
     * @return ids
     * @throws IllegalArgumentException if the model has no chat template
     */
    int[] encode(List<ChatMessage> messages) {
        return tokenizer.encodeChat(template().render(messages, true));
    }

    /** Read when it is first needed: plain prompts work with a template that cannot be. */
    private synchronized ChatTemplate template() {
        if (template == null) {
            template =
                    ChatTemplate.read(directory)
                            .orElseThrow(
                                    () ->
                                            new IllegalArgumentException(
                                                    directory
                                                            + " has no chat template; give a plain"
                                                            + " prompt instead of messages"));
        }
        return template;
    }

    /**
     * Begins a completion.
     *
     * @param promptIds tokens of the prompt
     * @param parameters generation parameters of this request, by their snake_case names
     * @return the completion
     * @throws IllegalArgumentException for an unknown parameter or a value out of range
     */
    Completion complete(int[] promptIds, Map<String, ?> parameters) {
        GenerationConfig config = defaults.with(parameters);
        return new Completion(new Sampler(config, promptIds), new TextPieces(tokenizer, config));
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}
