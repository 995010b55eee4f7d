/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.text;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.testng.SkipException;

/** Test data: what lies in the resources, and the reference models where they are there. */
final class TextFixtures {

    private TextFixtures() {}

    static JsonObject resource(String name) throws IOException {
        try (InputStream in = TextFixtures.class.getResourceAsStream(name)) {
            return new Gson()
                    .fromJson(new InputStreamReader(in, StandardCharsets.UTF_8), JsonObject.class);
        }
    }

    static Path directory(String name) {
        try {
            return Path.of(TextFixtures.class.getResource(name).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Model directories of the reference set that have a tokenizer and expected cases. */
    static List<Path> referenceModels() throws IOException {
        Path shared = Path.of(System.getProperty("offloadstream.shared", "../shared"));
        List<Path> models = new ArrayList<>();
        for (String folder : List.of("reference", "models")) {
            if (Files.isDirectory(shared.resolve(folder))) {
                try (Stream<Path> entries = Files.list(shared.resolve(folder))) {
                    entries.filter(TextFixtures::isDecoder).sorted().forEach(models::add);
                }
            }
        }
        if (models.isEmpty()) {
            throw new SkipException("../shared is absent");
        }
        return models;
    }

    private static boolean isDecoder(Path model) {
        return Files.exists(model.resolve("expected/cases.json"))
                && Files.exists(model.resolve("tokenizer.json"))
                && !model.getFileName().toString().startsWith("bert");
    }

    static JsonObject cases(Path model) throws IOException {
        String json = Files.readString(model.resolve("expected/cases.json"));
        return new Gson().fromJson(json, JsonObject.class);
    }

    static int[] ints(JsonElement array) {
        return new Gson().fromJson(array, int[].class);
    }

    static List<ChatMessage> messages(JsonArray array) {
        List<ChatMessage> messages = new ArrayList<>();
        for (JsonElement element : array) {
            JsonObject message = element.getAsJsonObject();
            messages.add(
                    new ChatMessage(
                            message.get("role").getAsString(),
                            message.get("content").getAsString()));
        }
        return messages;
    }
}
