/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.text;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.offloadstream.model.TokenChooser;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.testng.Assert;
import org.testng.annotations.Test;

public class SamplerTest {

    private static final int DRAWS = 20_000;

    private static FloatBuffer logits(float... values) {
        return FloatBuffer.wrap(values).asReadOnlyBuffer();
    }

    private static GenerationConfig sampling(Map<String, ?> parameters) {
        Map<String, Object> all = new HashMap<>(Map.of("do_sample", true, "top_k", 0, "seed", 7));
        all.putAll(parameters);
        return GenerationConfig.DEFAULT.with(all);
    }

    /** Which tokens are left, and with which probabilities, against transformers' processors. */
    @Test
    public void processorsAgreeWithTransformers() throws IOException {
        JsonObject data = TextFixtures.resource("logits-processors.json");
        for (JsonElement element : data.getAsJsonArray("cases")) {
            JsonObject expected = element.getAsJsonObject();
            Map<String, Object> parameters = new HashMap<>();
            expected.getAsJsonObject("parameters")
                    .entrySet()
                    .forEach(e -> parameters.put(e.getKey(), e.getValue().getAsDouble()));
            GenerationConfig config = sampling(parameters);
            float[] logits = new Gson().fromJson(expected.get("logits"), float[].class);
            Sampler sampler = new Sampler(config, TextFixtures.ints(expected.get("prompt")));
            sampler.load(FloatBuffer.wrap(logits));
            Map<Integer, Double> got = probabilities(sampler.candidates());
            int[] kept = TextFixtures.ints(expected.get("kept"));
            double[] probabilities =
                    new Gson().fromJson(expected.get("probabilities"), double[].class);
            Assert.assertEquals(
                    got.keySet().stream().mapToInt(i -> i).toArray(), kept, parameters.toString());
            for (int i = 0; i < kept.length; i++) {
                Assert.assertEquals(
                        got.get(kept[i]), probabilities[i], 1e-5, parameters + " token " + kept[i]);
            }
        }
    }

    private static Map<Integer, Double> probabilities(Candidates candidates) {
        int[] ids = candidates.ids();
        float[] scores = candidates.scores();
        double sum = 0;
        for (float score : scores) {
            sum += Math.exp(score);
        }
        Map<Integer, Double> probabilities = new TreeMap<>();
        for (int i = 0; i < ids.length; i++) {
            probabilities.put(ids[i], Math.exp(scores[i]) / sum);
        }
        return probabilities;
    }

    /** Against a sort of everything, on a vocabulary with many equal logits. */
    @Test
    public void selectionEqualsASort() {
        long seed = 20260728;
        SplittableRandom random = new SplittableRandom(seed);
        for (int round = 0; round < 50; round++) {
            int vocab = random.nextInt(2, 3000);
            float[] logits = new float[vocab];
            for (int i = 0; i < vocab; i++) {
                logits[i] = random.nextInt(40) / 4f;
            }
            int k = random.nextInt(1, vocab + 1);
            double p = random.nextDouble(0.01, 1);
            Candidates candidates = new Candidates();
            candidates.reset(logits, sampling(Map.of("top_k", k, "top_p", p)));
            int[] ids = candidates.ids();
            Arrays.sort(ids);
            Assert.assertEquals(ids, sorted(logits, k, p), "seed " + seed + " round " + round);
        }
    }

    private static int[] sorted(float[] logits, int k, double p) {
        Integer[] order = new Integer[logits.length];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, (a, b) -> Float.compare(logits[b], logits[a]));
        float least = logits[order[k - 1]];
        order = Arrays.copyOf(order, Math.min(order.length, k + Candidates.MOST_TIES));
        double mass = 0;
        for (int id : order) {
            mass += logits[id] >= least ? Math.exp(logits[id] - logits[order[0]]) : 0;
        }
        int count = 0;
        for (double taken = 0; count < order.length && taken < p * mass; count++) {
            taken += Math.exp(logits[order[count]] - logits[order[0]]);
        }
        return Arrays.stream(order).limit(count).mapToInt(i -> i).sorted().toArray();
    }

    /** Tokens by all logits, and by the best alone, with many equal ones. */
    @Test
    public void theBestLogitsChooseAsAllDo() {
        long seed = 20261121;
        SplittableRandom random = new SplittableRandom(seed);
        for (int round = 0; round < 300; round++) {
            float[] logits = new float[random.nextInt(300, 2000)];
            int kinds = random.nextInt(20, 2000);
            for (int i = 0; i < logits.length; i++) {
                int kind = random.nextInt(kinds);
                logits[i] = kind == 0 ? Float.NEGATIVE_INFINITY : kind * 20f / kinds;
            }
            GenerationConfig config =
                    GenerationConfig.DEFAULT.with(
                            Map.of(
                                    "do_sample",
                                    round % 5 > 0,
                                    "top_k",
                                    random.nextInt(1, 225),
                                    "top_p",
                                    random.nextDouble(0.3, 1),
                                    "min_p",
                                    random.nextInt(2) * 0.05,
                                    "temperature",
                                    random.nextDouble(0.2, 3),
                                    "seed",
                                    round));
            Sampler byAll = new Sampler(config, new int[0]);
            Sampler byBest = new Sampler(config, new int[0]);
            Integer[] order = new Integer[logits.length];
            Arrays.setAll(order, i -> i);
            Arrays.sort(order, (a, b) -> Float.compare(logits[b], logits[a]));
            int count = byBest.bestLogits();
            Assert.assertTrue(count > 0 && count <= 256, count + " wanted");
            FloatBuffer values = FloatBuffer.allocate(count);
            IntBuffer ids = IntBuffer.allocate(count);
            for (int i = 0; i < count; i++) {
                values.put(i, logits[order[i]]);
                ids.put(i, order[i]);
            }
            for (int draw = 0; draw < 20; draw++) {
                Assert.assertEquals(
                        byBest.next(values, ids),
                        byAll.next(logits(logits)),
                        "seed " + seed + " round " + round + " draw " + draw + " of " + config);
            }
        }
    }

    @Test
    public void damageIsTheSameErrorWithTheBestLogits() {
        for (boolean sample : new boolean[] {false, true}) {
            GenerationConfig config = GenerationConfig.DEFAULT.with(Map.of("do_sample", sample));
            float infinity = Float.POSITIVE_INFINITY;
            for (float[] values : new float[][] {{infinity, 2}, {-infinity, -infinity}}) {
                float[] all = {values[1], values[1], values[0] == infinity ? Float.NaN : -infinity};
                IllegalStateException expected =
                        Assert.expectThrows(
                                IllegalStateException.class,
                                () -> new Sampler(config, new int[0]).next(logits(all)));
                IllegalStateException e =
                        Assert.expectThrows(
                                IllegalStateException.class,
                                () ->
                                        new Sampler(config, new int[0])
                                                .next(
                                                        FloatBuffer.wrap(values),
                                                        IntBuffer.wrap(new int[] {2, 0})));
                Assert.assertEquals(e.getMessage(), expected.getMessage());
            }
        }
    }

    /** Chi-square with 5 degrees of freedom: 20.5 is passed once in a thousand seeds. */
    @Test
    public void drawsFollowTheProbabilities() {
        float[] values = {0.5f, -1f, 2f, 0f, 1.2f, -0.3f};
        GenerationConfig config =
                sampling(Map.of("seed", 12345, "temperature", 1.3, "max_new_tokens", DRAWS));
        Sampler sampler = new Sampler(config, new int[0]);
        int[] counts = new int[values.length];
        for (int i = 0; i < DRAWS; i++) {
            counts[sampler.next(logits(values))]++;
        }
        double sum = 0;
        for (float value : values) {
            sum += Math.exp(value / 1.3);
        }
        double chiSquare = 0;
        for (int i = 0; i < values.length; i++) {
            double expected = DRAWS * Math.exp(values[i] / 1.3) / sum;
            chiSquare += Math.pow(counts[i] - expected, 2) / expected;
        }
        Assert.assertTrue(chiSquare < 20.5, "chi-square " + chiSquare);
    }

    @Test
    public void sameSeedGivesSameTokens() {
        Assert.assertEquals(draw(3), draw(3));
        Assert.assertNotEquals(draw(3), draw(4));
    }

    private static List<Integer> draw(long seed) {
        Sampler sampler = new Sampler(sampling(Map.of("seed", seed)), new int[0]);
        Integer[] tokens = new Integer[40];
        Arrays.setAll(tokens, i -> sampler.next(logits(1, 1, 1, 1, 1, 1, 1)));
        return List.of(tokens);
    }

    @Test
    public void greedyTakesTheLowestOfTheBest() {
        Sampler sampler = new Sampler(GenerationConfig.DEFAULT, new int[0]);
        Assert.assertEquals(sampler.next(logits(1, 3, 2, 3)), 1);
        Sampler cold = new Sampler(sampling(Map.of("temperature", 0)), new int[0]);
        Assert.assertEquals(cold.next(logits(1, 2, 5, 5)), 2);
        Sampler nearlyCold = new Sampler(sampling(Map.of("temperature", "1e-300")), new int[0]);
        Assert.assertEquals(nearlyCold.next(logits(1, 2, 5, 4.9f)), 2);
    }

    @Test
    public void penaltyCountsPromptAndAnswer() {
        GenerationConfig config = GenerationConfig.DEFAULT.with(Map.of("repetition_penalty", 2));
        Sampler sampler = new Sampler(config, new int[] {1, 1});
        FloatBuffer logits = logits(4, 6, 3.5f, -1);
        Assert.assertEquals(sampler.next(logits), 0, "token 1 counts 3");
        Assert.assertEquals(sampler.next(logits), 2, "token 0 counts 2");
        Assert.assertEquals(logits.position(), 0, "the caller's buffer is as it was");
    }

    @Test
    public void endsWithEosAndAtTheLimit() {
        GenerationConfig config =
                new GenerationConfig(
                        2, false, 1, 0, 1, 0, 1, OptionalLong.empty(), List.of(), List.of(3, 5));
        Sampler atEos = new Sampler(config, new int[0]);
        Assert.assertEquals(atEos.next(logits(0, 0, 0, 1, 0, 0)), TokenChooser.END);
        Assert.assertTrue(atEos.isFinished());
        Assert.assertEquals(atEos.next(logits(1, 0, 0, 0, 0, 0)), TokenChooser.END);
        Sampler atLimit = new Sampler(config, new int[0]);
        Assert.assertEquals(atLimit.next(logits(0, 1, 0, 0, 0, 0)), 1);
        Assert.assertFalse(atLimit.isFinished());
        Assert.assertEquals(atLimit.next(logits(0, 1, 0, 0, 0, 0)), 1);
        Assert.assertTrue(atLimit.isFinished(), "no pass needed to know");
        Assert.assertEquals(atLimit.next(logits(0, 1, 0, 0, 0, 0)), TokenChooser.END);
    }

    @Test
    public void damagedLogitsAreAnError() {
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
            for (boolean sample : new boolean[] {false, true}) {
                Sampler sampler =
                        new Sampler(
                                GenerationConfig.DEFAULT.with(Map.of("do_sample", sample)),
                                new int[0]);
                IllegalStateException e =
                        Assert.expectThrows(
                                IllegalStateException.class,
                                () -> sampler.next(logits(1, 2, bad, 3)));
                Assert.assertTrue(
                        e.getMessage().contains("token 2 is NaN or Infinity"), e.getMessage());
            }
        }
        float none = Float.NEGATIVE_INFINITY;
        Sampler sampler = new Sampler(sampling(Map.of()), new int[0]);
        Assert.assertEquals(sampler.next(logits(none, 1, none)), 1);
        Assert.expectThrows(IllegalStateException.class, () -> sampler.next(logits(none, none)));
    }
}
