/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.offloadstream.checkpoint.CheckpointException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A typed reader of {@code config.json}, in both spellings that are published: {@code torch_dtype},
 * {@code rope_theta}, {@code rope_scaling} at the top level, and {@code dtype}, {@code
 * rope_parameters} as transformers 5 writes it. A value of the wrong type is a {@link
 * CheckpointException} that names the file, the key and the value. A key that is null reads as
 * absent. Immutable.
 */
public final class ModelConfig {

    /** Published files have some kilobytes; what is larger than this is no configuration. */
    private static final long LARGEST_FILE_BYTES = 16L << 20;

    /** More than any count in a published configuration; keeps products of two within a long. */
    private static final int LARGEST_COUNT = 1 << 28;

    private final Path file;
    private final String prefix;
    private final JsonObject json;

    private ModelConfig(Path file, String prefix, JsonObject json) {
        this.file = file;
        this.prefix = prefix;
        this.json = json;
    }

    /**
     * Reads {@code config.json} of a model directory.
     *
     * @param directory the model directory, or the file itself
     * @return the configuration
     * @throws CheckpointException if it is missing or no JSON object
     */
    public static ModelConfig read(Path directory) {
        Path file = Files.isDirectory(directory) ? directory.resolve("config.json") : directory;
        try {
            if (Files.isRegularFile(file) && Files.size(file) > LARGEST_FILE_BYTES) {
                throw new CheckpointException(
                        file
                                + " has "
                                + Files.size(file)
                                + " bytes; a configuration has at most "
                                + LARGEST_FILE_BYTES);
            }
            return parse(file, Files.readString(file));
        } catch (IOException e) {
            throw new CheckpointException(file + " cannot be read: " + e, e);
        }
    }

    /**
     * Parses a configuration.
     *
     * @param file where the text comes from, for messages
     * @param text a JSON object
     * @return the configuration
     * @throws CheckpointException if it is no JSON object
     */
    public static ModelConfig parse(Path file, String text) {
        JsonElement parsed;
        try {
            parsed = JsonParser.parseString(text);
        } catch (JsonParseException e) {
            throw new CheckpointException(file + " is no JSON: " + e.getMessage(), e);
        }
        if (!parsed.isJsonObject()) {
            throw new CheckpointException(file + " should be a JSON object");
        }
        return new ModelConfig(file, "", parsed.getAsJsonObject());
    }

    /**
     * Returns what names the architecture. The entries of {@code architectures} say what the
     * weights are (a language model, a classifier, a bare encoder); {@code model_type} stands in
     * only where there are none.
     *
     * @return names in order of preference, at least one
     * @throws CheckpointException if there is none
     */
    public List<String> architectureNames() {
        List<String> names = strings("architectures");
        if (!names.isEmpty()) {
            return names;
        }
        return List.of(
                string("model_type")
                        .orElseThrow(
                                () ->
                                        new CheckpointException(
                                                file + ": no architectures and no model_type")));
    }

    /**
     * Returns the parameters of the rotary position embedding, in either spelling: {@code
     * rope_scaling} where it is there, otherwise {@code rope_parameters}. Source: transformers
     * 5.17, {@code RotaryEmbeddingConfigMixin.convert_rope_params_to_dict}.
     *
     * @return the parameters, an empty configuration if there are none
     */
    public ModelConfig ropeParameters() {
        return object("rope_scaling")
                .filter(scaling -> scaling.json.size() > 0)
                .or(() -> object("rope_parameters"))
                .orElseGet(
                        () -> new ModelConfig(file, prefix + "rope_parameters.", new JsonObject()));
    }

    /**
     * Returns the type that the weights were published in.
     *
     * @return {@code dtype}, or {@code torch_dtype}, for example {@code bfloat16}
     */
    public Optional<String> dtype() {
        return string("dtype").or(() -> string("torch_dtype"));
    }

    /**
     * Tells whether a key is there and not null.
     *
     * @param key a top-level key
     * @return true if there
     */
    public boolean has(String key) {
        return find(key) != null;
    }

    /**
     * Tells whether a key is there, null or not: where an absent key and null mean different
     * things.
     *
     * @param key a top-level key
     * @return true if there
     */
    public boolean contains(String key) {
        return json.has(key);
    }

    /**
     * Returns the keys whose values are objects.
     *
     * @return keys in the order of the file
     */
    public List<String> objectKeys() {
        List<String> keys = new ArrayList<>();
        for (String key : json.keySet()) {
            if (json.get(key).isJsonObject()) {
                keys.add(key);
            }
        }
        return keys;
    }

    /**
     * Returns a required integer.
     *
     * @param key a top-level key
     * @return its value
     */
    public int integer(String key) {
        return toInteger(key, required(key));
    }

    /**
     * Returns an optional integer.
     *
     * @param key a top-level key
     * @param absent what an absent or null key means
     * @return its value
     */
    public int integer(String key, int absent) {
        return has(key) ? integer(key) : absent;
    }

    /**
     * Returns a required number of things: at least 1.
     *
     * @param key a top-level key
     * @return its value
     */
    public int count(String key) {
        int value = integer(key);
        if (value < 1 || value > LARGEST_COUNT) {
            throw unsupported(key, "should be between 1 and " + LARGEST_COUNT);
        }
        return value;
    }

    /**
     * Returns an optional number of things: at least 1.
     *
     * @param key a top-level key
     * @param absent what an absent or null key means
     * @return its value
     */
    public int count(String key, int absent) {
        return has(key) ? count(key) : absent;
    }

    /**
     * Returns a required number.
     *
     * @param key a top-level key
     * @return its value, finite
     */
    public double number(String key) {
        JsonElement value = required(key);
        if (!isNumber(value) || !Double.isFinite(value.getAsDouble())) {
            throw unsupported(key, "should be a finite number");
        }
        return value.getAsDouble();
    }

    /**
     * Returns an optional number.
     *
     * @param key a top-level key
     * @param absent what an absent or null key means
     * @return its value, finite
     */
    public double number(String key, double absent) {
        return has(key) ? number(key) : absent;
    }

    /**
     * Returns an optional flag.
     *
     * @param key a top-level key
     * @param absent what an absent or null key means
     * @return its value
     */
    public boolean flag(String key, boolean absent) {
        JsonElement value = find(key);
        if (value == null) {
            return absent;
        }
        if (!value.isJsonPrimitive() || !value.getAsJsonPrimitive().isBoolean()) {
            throw unsupported(key, "should be true or false");
        }
        return value.getAsBoolean();
    }

    /**
     * Returns an optional string.
     *
     * @param key a top-level key
     * @return its value
     */
    public Optional<String> string(String key) {
        return Optional.ofNullable(find(key)).map(value -> toText(key, value));
    }

    /**
     * Returns a list of strings.
     *
     * @param key a top-level key
     * @return its values, empty if absent
     */
    public List<String> strings(String key) {
        List<String> values = new ArrayList<>();
        for (JsonElement value : array(key)) {
            values.add(toText(key, value));
        }
        return values;
    }

    /**
     * Returns one integer or a list of them ({@code eos_token_id}).
     *
     * @param key a top-level key
     * @return its values, empty if absent
     */
    public List<Integer> integers(String key) {
        JsonElement value = find(key);
        if (value != null && !value.isJsonArray()) {
            return List.of(toInteger(key, value));
        }
        List<Integer> values = new ArrayList<>();
        for (JsonElement element : array(key)) {
            values.add(toInteger(key, element));
        }
        return values;
    }

    /**
     * Returns an object.
     *
     * @param key a top-level key
     * @return its value as a configuration of its own
     */
    public Optional<ModelConfig> object(String key) {
        JsonElement value = find(key);
        if (value == null) {
            return Optional.empty();
        }
        if (!value.isJsonObject()) {
            throw unsupported(key, "should be an object");
        }
        return Optional.of(new ModelConfig(file, prefix + key + ".", value.getAsJsonObject()));
    }

    /**
     * Describes a value that cannot be used.
     *
     * @param key a top-level key
     * @param expectation what it should be, or what is supported
     * @return an exception for the caller to throw; its message has file, key, value, expectation
     */
    public CheckpointException unsupported(String key, String expectation) {
        return new CheckpointException(
                file + ": " + prefix + key + " is " + json.get(key) + "; it " + expectation);
    }

    private JsonElement find(String key) {
        JsonElement value = json.get(key);
        return value == null || value.isJsonNull() ? null : value;
    }

    private JsonElement required(String key) {
        JsonElement value = find(key);
        if (value == null) {
            throw new CheckpointException(file + ": " + prefix + key + " is missing");
        }
        return value;
    }

    private JsonArray array(String key) {
        JsonElement value = find(key);
        if (value == null) {
            return new JsonArray();
        }
        if (!value.isJsonArray()) {
            throw unsupported(key, "should be a list");
        }
        return value.getAsJsonArray();
    }

    private static boolean isNumber(JsonElement value) {
        return value.isJsonPrimitive() && value.getAsJsonPrimitive().isNumber();
    }

    private int toInteger(String key, JsonElement value) {
        try {
            if (isNumber(value)) {
                return value.getAsBigDecimal().intValueExact();
            }
        } catch (ArithmeticException | NumberFormatException e) {
            throw new CheckpointException(unsupported(key, "should be an integer").getMessage(), e);
        }
        throw unsupported(key, "should be an integer");
    }

    private String toText(String key, JsonElement value) {
        if (!value.isJsonPrimitive() || !value.getAsJsonPrimitive().isString()) {
            throw unsupported(key, "should hold text");
        }
        return value.getAsString();
    }
}
