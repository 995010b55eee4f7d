/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.arch;

import static io.offloadstream.arch.Closeness.assertClose;
import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.offloadstream.checkpoint.Checkpoint;
import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.model.Architectures;
import io.offloadstream.model.Decoder;
import io.offloadstream.model.ModelConfig;
import io.offloadstream.platform.KernelProvider;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.testng.SkipException;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** Each architecture gives the logits, hidden states and tokens of the original implementation. */
public class ReferenceLogitsTest {

    private static final Path REFERENCE =
            Path.of(System.getProperty("offloadstream.shared", "../shared"), "reference");

    @DataProvider
    public Object[][] models() {
        return new Object[][] {
            {"llama-tiny"}, {"llama-sharded"}, {"qwen2-tiny"}, {"mistral-tiny"}, {"gpt2-tiny"}
        };
    }

    @Test(dataProvider = "models")
    public void logitsAndHiddenStatesMatchTheOriginal(String name) throws IOException {
        Path directory = directory(name);
        try (InMemoryModel model = open(directory, directory.resolve("config.json"))) {
            for (JsonObject testCase : cases(directory, "short", "long", "one")) {
                model.reset();
                List<float[]> outputs = model.forward(tokens(testCase.get("input_ids")));
                String label = name + "/" + testCase.get("name").getAsString();
                JsonArray hidden = testCase.getAsJsonArray("hidden_states");
                for (int i = 0; i < hidden.size(); i++) {
                    float[] golden = golden(directory, hidden.get(i).getAsString());
                    assertClose(outputs.get(i), golden, label + " hidden state " + i);
                }
                float[] logits = golden(directory, testCase.get("logits").getAsString());
                assertClose(outputs.get(outputs.size() - 1), logits, label + " logits");
            }
        }
    }

    @Test(dataProvider = "models")
    public void greedyTokensMatchTheOriginal(String name) throws IOException {
        Path directory = directory(name);
        try (InMemoryModel model = open(directory, directory.resolve("config.json"))) {
            for (JsonObject testCase : cases(directory, "short", "long")) {
                model.reset();
                int[] expected = tokens(testCase.get("greedy_new_tokens"));
                int[] chosen = new int[expected.length];
                int[] next = tokens(testCase.get("input_ids"));
                for (int i = 0; i < chosen.length; i++) {
                    chosen[i] = greedy(model, next);
                    next = new int[] {chosen[i]};
                }
                assertEquals(chosen, expected, name + "/" + testCase.get("name").getAsString());
            }
        }
    }

    @Test(dataProvider = "models")
    public void bothSpellingsOfTheConfigMeanTheSameModel(String name) throws IOException {
        Path directory = directory(name);
        Path other = directory.resolve("expected/config.published.json");
        if (!Files.exists(other)) {
            other = directory.resolve("expected/config.v5.json");
        }
        int[] ids = tokens(cases(directory, "long").get(0).get("input_ids"));
        try (InMemoryModel first = open(directory, directory.resolve("config.json"));
                InMemoryModel second = open(directory, other)) {
            List<float[]> expected = first.forward(ids);
            List<float[]> actual = second.forward(ids);
            for (int i = 0; i < expected.size(); i++) {
                assertTrue(Arrays.equals(actual.get(i), expected.get(i)), name + " output " + i);
            }
        }
    }

    private static Path directory(String name) {
        Path directory = REFERENCE.resolve(name);
        if (!Files.isDirectory(directory)) {
            throw new SkipException("../shared is absent");
        }
        return directory;
    }

    private static InMemoryModel open(Path directory, Path configFile) {
        ModelConfig config = ModelConfig.read(configFile);
        Decoder decoder = Architectures.find(config).create(config);
        return new InMemoryModel(decoder, Checkpoint.open(directory), KernelProvider.kernels());
    }

    private static List<JsonObject> cases(Path directory, String... names) throws IOException {
        String text = Files.readString(directory.resolve("expected/cases.json"));
        JsonArray all = JsonParser.parseString(text).getAsJsonObject().getAsJsonArray("cases");
        List<JsonObject> wanted =
                all.asList().stream()
                        .map(JsonElement::getAsJsonObject)
                        .filter(c -> List.of(names).contains(c.get("name").getAsString()))
                        .toList();
        assertEquals(wanted.size(), names.length, "cases of " + directory);
        return wanted;
    }

    private static int[] tokens(JsonElement batchOfOne) {
        JsonArray ids = batchOfOne.getAsJsonArray().get(0).getAsJsonArray();
        return ids.asList().stream().mapToInt(JsonElement::getAsInt).toArray();
    }

    private static float[] golden(Path directory, String name) throws IOException {
        TensorEntry entry =
                Checkpoint.open(directory.resolve("expected/expected.safetensors")).get(name);
        ByteBuffer bytes =
                ByteBuffer.allocate((int) entry.sizeBytes()).order(ByteOrder.LITTLE_ENDIAN);
        try (FileChannel channel = FileChannel.open(entry.file())) {
            channel.position(entry.offset());
            while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
                // until full
            }
        }
        float[] values = new float[bytes.flip().remaining() / 4];
        bytes.asFloatBuffer().get(values);
        return values;
    }

    private static int greedy(InMemoryModel model, int[] ids) {
        List<float[]> outputs = model.forward(ids);
        float[] logits = outputs.get(outputs.size() - 1);
        int vocab = logits.length / ids.length;
        int offset = logits.length - vocab;
        int best = 0;
        for (int i = 1; i < vocab; i++) {
            if (logits[offset + i] > logits[offset + best]) {
                best = i;
            }
        }
        return best;
    }
}
