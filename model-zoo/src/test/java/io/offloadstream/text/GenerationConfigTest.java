/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.text;

import io.offloadstream.checkpoint.CheckpointException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.testng.Assert;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

public class GenerationConfigTest extends DirectoryFixture {

    private Path directory(String generation, String config) throws IOException {
        Path directory = newDirectory();
        if (generation != null) {
            Files.writeString(directory.resolve("generation_config.json"), generation);
        }
        if (config != null) {
            Files.writeString(directory.resolve("config.json"), config);
        }
        return directory;
    }

    @Test
    public void missingFileMeansGreedy() throws IOException {
        GenerationConfig config = GenerationConfig.read(directory(null, null));
        Assert.assertEquals(config, GenerationConfig.DEFAULT);
        Assert.assertTrue(config.isGreedy());
        Assert.assertEquals(config.maxNewTokens(), 256);
    }

    @Test
    public void readsWhatTheMakersRecommend() throws IOException {
        String generation =
                "{\"do_sample\": true, \"temperature\": 0.6, \"top_k\": 20, \"top_p\": 0.95,"
                        + " \"repetition_penalty\": 1.05, \"eos_token_id\": [7, 9],"
                        + " \"max_length\": 20, \"min_p\": null, \"use_cache\": true}";
        GenerationConfig config =
                GenerationConfig.read(directory(generation, "{\"eos_token_id\": 3}"));
        Assert.assertTrue(config.doSample());
        Assert.assertEquals(config.temperature(), 0.6);
        Assert.assertEquals(config.topK(), 20);
        Assert.assertEquals(config.topP(), 0.95);
        Assert.assertEquals(config.minP(), 0.0);
        Assert.assertEquals(config.repetitionPenalty(), 1.05);
        Assert.assertEquals(config.maxNewTokens(), 256);
        Assert.assertEquals(config.eosTokenIds(), List.of(7, 9));
    }

    @Test
    public void temperatureInTheFileAloneDoesNotSample() throws IOException {
        GenerationConfig config = GenerationConfig.read(directory("{\"temperature\": 0.6}", null));
        Assert.assertFalse(config.doSample());
        Assert.assertEquals(config.temperature(), 0.6);
    }

    @Test
    public void eosComesFromConfigWhereGenerationConfigHasNone() throws IOException {
        Assert.assertEquals(
                GenerationConfig.read(directory("{}", "{\"eos_token_id\": 3}")).eosTokenIds(),
                List.of(3));
        Assert.assertEquals(
                GenerationConfig.read(directory(null, "{\"eos_token_id\": [3, 4]}")).eosTokenIds(),
                List.of(3, 4));
        Assert.assertEquals(
                GenerationConfig.read(directory("{\"eos_token_id\": 1}", "{\"eos_token_id\": 3}"))
                        .eosTokenIds(),
                List.of(1));
    }

    @Test
    public void damagedFilesAreNamed() throws IOException {
        for (String damaged :
                List.of(
                        "",
                        "[]",
                        "{",
                        "{\"top_k\": -1}",
                        "{\"top_p\": \"high\"}",
                        "{\"eos_token_id\": \"x\"}",
                        "{\"eos_token_id\": [1.5]}",
                        "{\"eos_token_id\": {}}",
                        "{\"do_sample\": 2}")) {
            Path directory = directory(damaged, null);
            CheckpointException e =
                    Assert.expectThrows(
                            damaged,
                            CheckpointException.class,
                            () -> GenerationConfig.read(directory));
            Assert.assertTrue(e.getMessage().contains("generation_config.json"), e.getMessage());
        }
    }

    @Test
    public void requestsWin() {
        GenerationConfig config =
                GenerationConfig.DEFAULT.with(
                        Map.of(
                                "max_new_tokens",
                                12.0,
                                "temperature",
                                "0.5",
                                "top_k",
                                3,
                                "seed",
                                99L,
                                "stop",
                                "a",
                                "stop_sequences",
                                List.of("b", "c")));
        Assert.assertEquals(config.maxNewTokens(), 12);
        Assert.assertEquals(config.temperature(), 0.5);
        Assert.assertEquals(config.topK(), 3);
        Assert.assertEquals(config.seed().getAsLong(), 99);
        Assert.assertEquals(config.stop(), List.of("a", "b", "c"));
        Assert.assertTrue(config.doSample(), "a temperature asks for a draw");
        Assert.assertEquals(GenerationConfig.DEFAULT.with(null), GenerationConfig.DEFAULT);
    }

    @Test
    public void whatAsksForADraw() {
        GenerationConfig base = GenerationConfig.DEFAULT;
        for (String name : List.of("temperature", "top_k", "top_p", "min_p")) {
            Assert.assertFalse(base.with(Map.of(name, 1)).isGreedy(), name);
            Assert.assertTrue(base.with(Map.of(name, 1, "do_sample", "false")).isGreedy(), name);
        }
        Assert.assertTrue(base.with(Map.of("seed", 1)).isGreedy());
        Assert.assertTrue(base.with(Map.of("temperature", 0, "do_sample", true)).isGreedy());
        Map<String, Object> nothing = new HashMap<>();
        nothing.put("temperature", null);
        Assert.assertEquals(base.with(nothing), base);
    }

    @DataProvider
    public Object[][] bad() {
        return new Object[][] {
            {"max_tokens", 1, "valid are [do_sample, max_new_tokens, min_p"},
            {"max_new_tokens", 0, "at least 1"},
            {"max_new_tokens", 1.5, "an integer"},
            {"max_new_tokens", 3_000_000_000L, "an integer of at most 2147483647"},
            {"temperature", -1, "0 to 1e6"},
            {"temperature", Double.NaN, "a number"},
            {"temperature", "hot", "a number"},
            {"top_p", 0, "above 0"},
            {"top_p", 1.1, "at most 1"},
            {"top_k", -1, "at least 0"},
            {"min_p", 2, "0 to 1"},
            {"repetition_penalty", 0, "above 0"},
            {"do_sample", "perhaps", "true or false"},
            {"do_sample", 1, "true or false"},
            {"stop", "", "none of them empty"},
            {"stop", List.of(1), "a string or a list"},
            {"seed", "x", "a number"},
        };
    }

    @Test(dataProvider = "bad")
    public void badValuesAreRefusedWithTheValidOnes(String name, Object value, String valid) {
        IllegalArgumentException e =
                Assert.expectThrows(
                        IllegalArgumentException.class,
                        () -> GenerationConfig.DEFAULT.with(Map.of(name, value)));
        Assert.assertTrue(e.getMessage().contains(name), e.getMessage());
        Assert.assertTrue(e.getMessage().contains(valid), e.getMessage());
    }
}
