/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.offloadstream.checkpoint.Checkpoint;
import io.offloadstream.checkpoint.TensorEntry;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.testng.SkipException;

/** A checkpoint with the outputs of the original implementation beside it, in {@code expected/}. */
final class Goldens {

    private final Path directory;
    private final Checkpoint expected;
    private final List<Case> cases = new ArrayList<>();

    private Goldens(Path directory, Path expectedDirectory) {
        this.directory = directory;
        this.expected = Checkpoint.open(expectedDirectory.resolve("expected.safetensors"));
        JsonObject json = parse(expectedDirectory.resolve("cases.json"));
        json.getAsJsonArray("cases").forEach(c -> cases.add(new Case(c.getAsJsonObject())));
    }

    /** Opens a reference model, or skips the test where there is none. */
    static Goldens reference(String name) {
        Path directory = shared().resolve("reference").resolve(name);
        return new Goldens(directory, directory.resolve("expected"));
    }

    /** Opens a model whose goldens lie elsewhere. */
    static Goldens of(Path directory, Path expectedDirectory) {
        return new Goldens(directory, expectedDirectory);
    }

    /** The folder of reference material beside the project; skips the test where there is none. */
    static Path shared() {
        Path shared = Path.of(System.getProperty("offloadstream.shared", "../shared"));
        if (!Files.isDirectory(shared.resolve("reference"))) {
            throw new SkipException("../shared is absent");
        }
        return shared;
    }

    private static JsonObject parse(Path file) {
        try {
            return JsonParser.parseString(Files.readString(file, StandardCharsets.UTF_8))
                    .getAsJsonObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path directory() {
        return directory;
    }

    List<Case> cases() {
        return cases;
    }

    Case find(String name) {
        return cases.stream().filter(c -> c.name().equals(name)).findFirst().orElseThrow();
    }

    /** Reads an expected float32 tensor. */
    float[] tensor(String name) {
        TensorEntry entry = expected.get(name);
        ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(entry.sizeBytes()));
        try (RandomAccessFile file = new RandomAccessFile(entry.file().toFile(), "r")) {
            file.seek(entry.offset());
            file.readFully(bytes.array());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        float[] values = new float[bytes.capacity() / Float.BYTES];
        bytes.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
        return values;
    }

    /** One input and what came out of it. */
    static final class Case {

        private final JsonObject json;

        Case(JsonObject json) {
            this.json = json;
        }

        String name() {
            return json.get("name").getAsString();
        }

        String text() {
            return json.get("text").getAsString();
        }

        String greedyText() {
            return json.get("greedy_text").getAsString();
        }

        JsonArray messages() {
            return json.getAsJsonArray("messages");
        }

        boolean has(String key) {
            return json.has(key) && !json.get(key).isJsonNull();
        }

        /** The key of a tensor. */
        String key(String name) {
            return json.get(name).getAsString();
        }

        List<String> keys(String name) {
            List<String> keys = new ArrayList<>();
            json.getAsJsonArray(name).forEach(k -> keys.add(k.getAsString()));
            return keys;
        }

        int batch() {
            return json.getAsJsonArray("input_ids").size();
        }

        int tokens() {
            return json.getAsJsonArray("input_ids").get(0).getAsJsonArray().size();
        }

        int[] inputIds() {
            return flat("input_ids");
        }

        /** (batch, tokens), or null where all count. */
        byte[] mask() {
            if (!has("attention_mask")) {
                return null;
            }
            int[] values = flat("attention_mask");
            byte[] mask = new byte[values.length];
            for (int i = 0; i < mask.length; i++) {
                mask[i] = (byte) values[i];
            }
            return mask;
        }

        int[] greedyNewTokens() {
            return flat("greedy_new_tokens");
        }

        private int[] flat(String key) {
            List<Integer> values = new ArrayList<>();
            for (JsonElement row : json.getAsJsonArray(key)) {
                row.getAsJsonArray().forEach(v -> values.add(v.getAsInt()));
            }
            return values.stream().mapToInt(Integer::intValue).toArray();
        }
    }
}
