/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.text;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.offloadstream.checkpoint.CheckpointException;
import io.offloadstream.model.EndTokens;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads {@code generation_config.json}. */
final class GenerationFiles {

    private static final List<String> NAMES =
            List.of(
                    "max_new_tokens",
                    "do_sample",
                    "temperature",
                    "top_k",
                    "top_p",
                    "min_p",
                    "repetition_penalty");

    private GenerationFiles() {}

    static GenerationConfig read(Path directory) {
        Path file = directory.resolve("generation_config.json");
        JsonObject generation = JsonFiles.read(file).orElseGet(JsonObject::new);
        Map<String, Object> values = new LinkedHashMap<>();
        // Here, and not in a request, a temperature without do_sample is only what would apply.
        values.put("do_sample", false);
        for (String name : NAMES) {
            JsonElement value = generation.get(name);
            if (value != null && !value.isJsonNull()) {
                values.put(name, new Gson().fromJson(value, Object.class));
            }
        }
        GenerationConfig config;
        try {
            config = GenerationConfig.DEFAULT.with(values);
        } catch (IllegalArgumentException e) {
            throw new CheckpointException(file + ": " + e.getMessage(), e);
        }
        return new GenerationConfig(
                config.maxNewTokens(),
                config.doSample(),
                config.temperature(),
                config.topK(),
                config.topP(),
                config.minP(),
                config.repetitionPenalty(),
                config.seed(),
                config.stop(),
                EndTokens.of(directory));
    }
}
