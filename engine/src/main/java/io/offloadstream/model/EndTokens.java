/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The tokens that end a text, as a model directory names them. */
public final class EndTokens {

    private static final String KEY = "eos_token_id";

    /** The first that names any decides, as in transformers; an empty list there means none. */
    private static final List<String> FILES = List.of("generation_config.json", "config.json");

    private EndTokens() {}

    /**
     * Reads the end tokens.
     *
     * @param directory the model directory
     * @return their ids, empty if no file names any
     * @throws io.offloadstream.checkpoint.CheckpointException if a file cannot be read, or names
     *     something else than an id or a list of ids
     */
    public static List<Integer> of(Path directory) {
        for (String name : FILES) {
            Path file = directory.resolve(name);
            if (Files.exists(file)) {
                ModelConfig config = ModelConfig.read(file);
                if (config.has(KEY)) {
                    return config.integers(KEY);
                }
            }
        }
        return List.of();
    }
}
