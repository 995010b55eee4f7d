/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.text;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.offloadstream.checkpoint.CheckpointException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads {@code generation_config.json}, and EOS tokens from {@code config.json}. */
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
                eosTokenIds(directory, file, generation));
    }

    private static List<Integer> eosTokenIds(Path directory, Path file, JsonObject generation) {
        Optional<List<Integer>> ids = integers(file, generation);
        if (ids.isPresent()) {
            return ids.get();
        }
        Path configFile = directory.resolve("config.json");
        return JsonFiles.read(configFile)
                .flatMap(config -> integers(configFile, config))
                .orElse(List.of());
    }

    /** One id or a list of them. */
    private static Optional<List<Integer>> integers(Path file, JsonObject object) {
        JsonElement value = object.get("eos_token_id");
        if (value == null || value.isJsonNull()) {
            return Optional.empty();
        }
        JsonArray array = new JsonArray();
        if (value.isJsonArray()) {
            array = value.getAsJsonArray();
        } else {
            array.add(value);
        }
        List<Integer> ids = new ArrayList<>();
        for (JsonElement element : array) {
            try {
                ids.add(element.getAsBigDecimal().intValueExact());
            } catch (RuntimeException e) {
                throw new CheckpointException(
                        file + ": eos_token_id is " + value + "; valid is an id or a list of ids",
                        e);
            }
        }
        return Optional.of(ids);
    }
}
