/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.arch.rope;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertThrows;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.offloadstream.checkpoint.CheckpointException;
import io.offloadstream.model.ModelConfig;
import io.offloadstream.model.Rope;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Iterator;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/**
 * Frequencies against numbers that {@code LlamaRotaryEmbedding} of transformers 5.18.0 (torch
 * 2.13.0) computed: {@code rope-goldens.json} has its configuration, the length it was called with
 * and what it used.
 */
public class RopeConfigTest {

    /** Four roundings to float32: powers differ in their last bit between libraries. */
    private static final double RELATIVE_TOLERANCE = 4 * 0x1p-23;

    @DataProvider
    public Iterator<Object[]> goldens() throws IOException {
        try (Reader reader =
                new InputStreamReader(
                        RopeConfigTest.class.getResourceAsStream("/rope-goldens.json"),
                        StandardCharsets.UTF_8)) {
            return JsonParser.parseReader(reader).getAsJsonArray().asList().stream()
                    .map(JsonElement::getAsJsonObject)
                    .map(golden -> new Object[] {golden.get("name").getAsString(), golden})
                    .toList()
                    .iterator();
        }
    }

    @Test(dataProvider = "goldens")
    public void frequenciesAreThoseOfTheOriginal(String name, JsonObject golden) {
        check(golden, golden.getAsJsonObject("config"));
    }

    @Test(dataProvider = "goldens")
    public void theNewerSpellingMeansTheSame(String name, JsonObject golden) {
        JsonObject config = golden.getAsJsonObject("config").deepCopy();
        JsonObject parameters =
                config.has("rope_scaling")
                        ? config.remove("rope_scaling").getAsJsonObject()
                        : new JsonObject();
        if (parameters.has("type")) {
            parameters.add("rope_type", parameters.remove("type"));
        }
        if (config.has("rope_theta")) {
            parameters.add("rope_theta", config.remove("rope_theta"));
        }
        config.add("rope_parameters", parameters);
        check(golden, config);
    }

    private static void check(JsonObject golden, JsonObject config) {
        int headDim = config.get("head_dim").getAsInt();
        Rope rope = RopeConfig.read(parse(config.toString()), headDim).rope();
        float[] actual = rope.inverseFrequencies(golden.get("length").getAsInt());
        JsonArray expected = golden.getAsJsonArray("inverse_frequencies");
        assertEquals(actual.length, expected.size());
        assertEquals(rope.halfDim(), expected.size());
        for (int i = 0; i < actual.length; i++) {
            double wanted = expected.get(i).getAsDouble();
            assertEquals(actual[i], wanted, wanted * RELATIVE_TOLERANCE, "frequency " + i);
        }
        assertEquals(rope.attentionFactor(), golden.get("attention_factor").getAsFloat(), 1e-7f);
    }

    @Test
    public void dynamicAndYarnStretchTheLongestSequence() {
        assertEquals(maxPositions("'type': 'dynamic', 'factor': 2.0"), 4096);
        assertEquals(maxPositions("'type': 'yarn', 'factor': 4.0"), 8192);
        assertEquals(
                maxPositions(
                        "'type': 'yarn', 'factor': 4, 'original_max_position_embeddings': 512"),
                2048);
        assertEquals(maxPositions("'type': 'default'"), 2048);
    }

    @Test
    public void anUnknownTypeIsAnErrorThatListsTheKnown() {
        CheckpointException e =
                expectThrows(
                        CheckpointException.class,
                        () -> maxPositions("'rope_type': 'longrope', 'factor': 2.0"));
        assertTrue(
                e.getMessage().contains("rope_scaling.rope_type is \"longrope\"")
                        && e.getMessage().contains("llama3"),
                e.getMessage());
    }

    @DataProvider
    public Object[][] unusable() {
        return new Object[][] {
            {"'rope_type': 'linear'"},
            {"'rope_type': 'linear', 'factor': '4'"},
            {"'rope_type': 'linear', 'factor': 0.5"},
            {"'rope_type': 3"},
            {"'rope_type': 'dynamic', 'factor': null"},
            {"'rope_type': 'llama3', 'factor': 8, 'low_freq_factor': 1"},
            {"'rope_type': 'llama3', 'factor': 8, 'low_freq_factor': 4, 'high_freq_factor': 4"},
            {"'rope_type': 'yarn', 'factor': 4, 'beta_fast': 1, 'beta_slow': 2"},
            {"'rope_type': 'yarn', 'factor': 4, 'truncate': 1"},
            {"'rope_type': 'default', 'partial_rotary_factor': 0.5"},
            {"'full_attention': {'rope_type': 'default'}"},
            {"'rope_type': 'default', 'rope_theta': 'big'"},
        };
    }

    @Test(dataProvider = "unusable")
    public void valuesThatCannotBeUsedAreErrors(String scaling) {
        assertThrows(CheckpointException.class, () -> maxPositions(scaling));
    }

    @Test
    public void headsThatCannotBePairedAreErrors() {
        ModelConfig config = parse("{'max_position_embeddings': 2048}");
        assertThrows(CheckpointException.class, () -> RopeConfig.read(config, 33));
    }

    private static int maxPositions(String scaling) {
        ModelConfig config =
                parse("{'max_position_embeddings': 2048, 'rope_scaling': {" + scaling + "}}");
        return RopeConfig.read(config, 64).maxPositions();
    }

    private static ModelConfig parse(String json) {
        return ModelConfig.parse(Path.of("config.json"), json.replace('\'', '"'));
    }
}
