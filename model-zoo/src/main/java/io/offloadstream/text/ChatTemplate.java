/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.text;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.offloadstream.checkpoint.CheckpointException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Turns a conversation into the text that a model was trained on, by the Jinja template that the
 * model's makers publish. Whitespace, functions and filters are those of transformers'
 * apply_chat_template, without tools and documents. The text has the special tokens in it: encode
 * it with {@link TextTokenizer#encodeChat}.
 *
 * <p>Thread-safe; renderings of one template follow each other.
 */
public final class ChatTemplate {

    private static final List<String> SPECIAL_TOKENS =
            List.of(
                    "bos_token",
                    "eos_token",
                    "unk_token",
                    "sep_token",
                    "pad_token",
                    "cls_token",
                    "mask_token");

    private final Path file;
    private final TemplateEngine engine;
    private final Map<String, String> specialTokens;

    private ChatTemplate(Path file, String template, Map<String, String> specialTokens) {
        this.file = file;
        this.specialTokens = specialTokens;
        try {
            engine = new TemplateEngine(template);
        } catch (IllegalArgumentException e) {
            throw new CheckpointException(
                    file + ": the chat template cannot be read, " + e.getMessage(), e);
        }
    }

    /**
     * Reads the template of a model directory: {@code chat_template.jinja}, else {@code
     * chat_template} of {@code tokenizer_config.json} (of a list of templates, the one named
     * "default").
     *
     * @param directory the model directory
     * @return the template, empty if the model has none
     * @throws CheckpointException if a file is damaged or the template cannot be read
     */
    public static Optional<ChatTemplate> read(Path directory) {
        Path configFile = directory.resolve("tokenizer_config.json");
        JsonObject config = JsonFiles.read(configFile).orElseGet(JsonObject::new);
        Map<String, String> specialTokens = new HashMap<>();
        JsonFiles.read(directory.resolve("special_tokens_map.json"))
                .ifPresent(map -> addSpecialTokens(map, specialTokens));
        addSpecialTokens(config, specialTokens);
        Path file = directory.resolve("chat_template.jinja");
        try {
            String template = Files.readString(file);
            return Optional.of(new ChatTemplate(file, template, specialTokens));
        } catch (NoSuchFileException e) {
            return inConfig(configFile, config)
                    .map(template -> new ChatTemplate(configFile, template, specialTokens));
        } catch (IOException e) {
            throw new CheckpointException(file + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static Optional<String> inConfig(Path configFile, JsonObject config) {
        JsonElement value = config.get("chat_template");
        if (value == null || value.isJsonNull()) {
            return Optional.empty();
        }
        if (value.isJsonPrimitive()) {
            return Optional.of(value.getAsString());
        }
        Map<String, String> named = new LinkedHashMap<>();
        try {
            for (JsonElement element : value.getAsJsonArray()) {
                JsonObject object = element.getAsJsonObject();
                named.put(object.get("name").getAsString(), object.get("template").getAsString());
            }
        } catch (RuntimeException e) {
            throw new CheckpointException(
                    configFile
                            + ": chat_template is neither a string nor a list of objects with name"
                            + " and template",
                    e);
        }
        if (!named.containsKey("default")) {
            throw new CheckpointException(
                    configFile
                            + ": chat_template has no template named \"default\", only "
                            + named.keySet());
        }
        return Optional.of(named.get("default"));
    }

    /** A token is a string, or an object with its text in content. */
    private static void addSpecialTokens(JsonObject config, Map<String, String> tokens) {
        for (String name : SPECIAL_TOKENS) {
            JsonElement value = config.get(name);
            if (value != null && value.isJsonObject()) {
                value = value.getAsJsonObject().get("content");
            }
            if (value != null && value.isJsonPrimitive()) {
                tokens.put(name, value.getAsString());
            }
        }
    }

    /**
     * Renders a conversation.
     *
     * @param messages in order
     * @param addGenerationPrompt whether the text ends with the start of an answer
     * @return the text for the model
     * @throws ChatTemplateException if the template does not take the conversation
     */
    public String render(List<ChatMessage> messages, boolean addGenerationPrompt) {
        List<Map<String, Object>> turns = new ArrayList<>();
        for (ChatMessage message : messages) {
            Map<String, Object> turn = new LinkedHashMap<>();
            turn.put("role", message.role());
            turn.put("content", message.content());
            turns.add(turn);
        }
        Map<String, Object> variables = new HashMap<>(specialTokens);
        variables.put("messages", turns);
        variables.put("add_generation_prompt", addGenerationPrompt);
        try {
            return engine.render(variables);
        } catch (TemplateEngine.TemplateFailure e) {
            throw new ChatTemplateException(
                    e.getMessage() + " (" + file + (e.line() > 0 ? ", line " + e.line() : "") + ")",
                    e);
        }
    }
}
