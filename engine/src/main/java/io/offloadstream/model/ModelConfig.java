/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A typed reader of {@code config.json}, in both spellings that are published: {@code torch_dtype},
 * {@code rope_theta}, {@code rope_scaling} at the top level, and {@code dtype}, {@code
 * rope_parameters} as transformers 5 writes it. A value of the wrong type is an error that names
 * the file and the key. Immutable.
 */
public final class ModelConfig {

    private ModelConfig() {}

    /**
     * Reads {@code config.json} of a model directory.
     *
     * @param directory the model directory
     * @return the configuration
     * @throws io.offloadstream.checkpoint.CheckpointException if it is missing or no JSON object
     */
    public static ModelConfig read(Path directory) {
        throw new UnsupportedOperationException("pending " + directory);
    }

    /**
     * Returns what names the architecture, in order of preference.
     *
     * @return the entries of {@code architectures}, then {@code model_type}
     */
    public List<String> architectureNames() {
        throw new UnsupportedOperationException("pending");
    }

    /**
     * Tells whether a key is there and not null.
     *
     * @param key a top-level key
     * @return true if there
     */
    public boolean has(String key) {
        throw new UnsupportedOperationException("pending " + key);
    }

    /**
     * Returns a required integer.
     *
     * @param key a top-level key
     * @return its value
     */
    public int integer(String key) {
        throw new UnsupportedOperationException("pending " + key);
    }

    /**
     * Returns an optional integer.
     *
     * @param key a top-level key
     * @param absent what an absent or null key means
     * @return its value
     */
    public int integer(String key, int absent) {
        throw new UnsupportedOperationException("pending " + key);
    }

    /**
     * Returns an optional number.
     *
     * @param key a top-level key
     * @param absent what an absent or null key means
     * @return its value
     */
    public double number(String key, double absent) {
        throw new UnsupportedOperationException("pending " + key);
    }

    /**
     * Returns an optional flag.
     *
     * @param key a top-level key
     * @param absent what an absent or null key means
     * @return its value
     */
    public boolean flag(String key, boolean absent) {
        throw new UnsupportedOperationException("pending " + key);
    }

    /**
     * Returns an optional string.
     *
     * @param key a top-level key
     * @return its value
     */
    public Optional<String> string(String key) {
        throw new UnsupportedOperationException("pending " + key);
    }

    /**
     * Returns a list of strings.
     *
     * @param key a top-level key
     * @return its values, empty if absent
     */
    public List<String> strings(String key) {
        throw new UnsupportedOperationException("pending " + key);
    }

    /**
     * Returns one integer or a list of them ({@code eos_token_id}).
     *
     * @param key a top-level key
     * @return its values, empty if absent
     */
    public List<Integer> integers(String key) {
        throw new UnsupportedOperationException("pending " + key);
    }

    /**
     * Returns an object.
     *
     * @param key a top-level key
     * @return its value as a configuration of its own
     */
    public Optional<ModelConfig> object(String key) {
        throw new UnsupportedOperationException("pending " + key);
    }
}
