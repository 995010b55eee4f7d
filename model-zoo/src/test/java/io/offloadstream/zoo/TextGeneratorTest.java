/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.zoo;

import static org.testng.Assert.assertEquals;

import ai.djl.Device;
import ai.djl.inference.Predictor;
import ai.djl.modality.nlp.generate.CausalLMOutput;
import ai.djl.modality.nlp.generate.SearchConfig;
import ai.djl.modality.nlp.generate.TextGenerator;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.util.PairList;
import io.offloadstream.engine.OfsSymbolBlock;
import io.offloadstream.platform.MemoryBudget;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import org.testng.annotations.Test;

/**
 * DJL's TextGenerator, unchanged, against the same searches written down here over whole sequences
 * without a cache.
 */
public class TextGeneratorTest {

    private static final int LENGTH = 16;
    private static final int BEAM = 3;
    private static final float ALPHA = 0.4f;

    private TinyModel tiny;
    private ZooModel<NDList, CausalLMOutput> model;
    private NDManager manager;

    @BeforeClass
    public void open() throws Exception {
        tiny = new TinyModel();
        model =
                tiny.criteria(NDList.class, CausalLMOutput.class)
                        .optTranslatorFactory(new OfsTranslatorFactory())
                        .build()
                        .loadModel();
        manager = NDManager.newBaseManager(Device.cpu(), "OffloadStream");
    }

    @AfterClass(alwaysRun = true)
    public void close() {
        MemoryBudget budget = TinyModel.engineModel(model).streamedModel().budget();
        manager.close();
        model.close();
        tiny.close();
        assertEquals(budget.usedBytes(), 0, budget.usedByPurpose().toString());
    }

    private static SearchConfig config() {
        SearchConfig config = new SearchConfig();
        config.setMaxSeqLength(LENGTH);
        config.setPadTokenId(0);
        config.setBeam(BEAM);
        config.setK(BEAM);
        config.setAlpha(ALPHA);
        config.setSuffixPadding(false);
        return config;
    }

    private long[][] generate(String search, long[][] prompt) throws Exception {
        try (Predictor<NDList, CausalLMOutput> predictor = model.newPredictor()) {
            TextGenerator generator = new TextGenerator(predictor, search, config());
            NDArray output = generator.generate(manager.create(prompt));
            long[] flat = output.toLongArray();
            int rows = (int) output.getShape().get(0);
            int columns = flat.length / rows;
            return IntStream.range(0, rows)
                    .mapToObj(r -> Arrays.copyOfRange(flat, r * columns, (r + 1) * columns))
                    .toArray(long[][]::new);
        }
    }

    @Test
    public void greedySearch() throws Exception {
        long[] prompt = {11, 52, 7, 33};
        assertEquals(generate("greedy", new long[][] {prompt})[0], greedy(prompt));
    }

    @Test
    public void greedySearchOfAPaddedBatch() throws Exception {
        long[][] prompts = {{0, 0, 7, 33}, {11, 52, 7, 33}, {0, 20, 21, 22}};
        long[][] outputs = generate("greedy", prompts);
        for (int i = 0; i < prompts.length; i++) {
            long[] prompt = Arrays.stream(prompts[i]).filter(id -> id != 0).toArray();
            int padding = prompts[i].length - prompt.length;
            long[] expected = Arrays.copyOf(greedy(prompt), LENGTH - padding);
            assertEquals(Arrays.copyOfRange(outputs[i], padding, LENGTH), expected, "row " + i);
        }
    }

    @Test
    public void beamSearch() throws Exception {
        long[] prompt = {11, 52, 7, 33};
        List<long[]> expected = beam(prompt);
        long[][] actual = generate("beam", new long[][] {prompt});
        assertEquals(actual, expected.toArray(long[][]::new));
    }

    @Test
    public void contrastiveSearch() throws Exception {
        long[] prompt = {11, 52, 7, 33};
        assertEquals(generate("contrastive", new long[][] {prompt})[0], contrastive(prompt));
    }

    /** Logits (tokens, vocab) and hidden states (tokens, hidden) of a whole sequence. */
    private record State(double[][] probabilities, float[][] hidden) {}

    private State run(long[] ids) {
        PairList<String, Object> params = new PairList<>();
        params.add(OfsSymbolBlock.USE_CACHE, true);
        try (NDManager own = manager.newSubManager()) {
            NDArray input = own.create(new long[][] {ids});
            NDList output = model.getBlock().forward(null, new NDList(input), false, params);
            float[][] logits = rows(output.get(0), ids.length);
            double[][] probabilities =
                    Arrays.stream(logits).map(TextGeneratorTest::softmax).toArray(double[][]::new);
            return new State(probabilities, rows(output.get(1), ids.length));
        }
    }

    private static float[][] rows(NDArray array, int count) {
        float[] flat = array.toFloatArray();
        int columns = flat.length / count;
        return IntStream.range(0, count)
                .mapToObj(r -> Arrays.copyOfRange(flat, r * columns, (r + 1) * columns))
                .toArray(float[][]::new);
    }

    private static double[] softmax(float[] logits) {
        double max = IntStream.range(0, logits.length).mapToDouble(i -> logits[i]).max().orElse(0);
        double[] result =
                IntStream.range(0, logits.length)
                        .mapToDouble(i -> Math.exp(logits[i] - max))
                        .toArray();
        double sum = Arrays.stream(result).sum();
        return Arrays.stream(result).map(p -> p / sum).toArray();
    }

    private static int[] best(double[] values, int count) {
        return IntStream.range(0, values.length)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> -values[i]))
                .limit(count)
                .mapToInt(i -> i)
                .toArray();
    }

    private static long[] with(long[] ids, long id) {
        long[] longer = Arrays.copyOf(ids, ids.length + 1);
        longer[ids.length] = id;
        return longer;
    }

    private long[] greedy(long[] prompt) {
        long[] ids = prompt;
        while (ids.length < LENGTH) {
            ids = with(ids, best(run(ids).probabilities()[ids.length - 1], 1)[0]);
        }
        return ids;
    }

    private record Beam(long[] ids, double score) {}

    private List<long[]> beam(long[] prompt) {
        List<Beam> beams = List.of(new Beam(prompt, 1));
        while (beams.get(0).ids().length < LENGTH) {
            List<Beam> next = new ArrayList<>();
            for (Beam beam : beams) {
                double[] p = run(beam.ids()).probabilities()[beam.ids().length - 1];
                for (int id : best(p, BEAM)) {
                    next.add(new Beam(with(beam.ids(), id), beam.score() * p[id]));
                }
            }
            next.sort(Comparator.comparingDouble(beam -> -beam.score()));
            beams = next.subList(0, BEAM);
        }
        return beams.stream().map(Beam::ids).toList();
    }

    /** Source: "A Contrastive Framework for Neural Text Generation", arXiv:2202.06417. */
    private long[] contrastive(long[] prompt) {
        long[] ids = prompt;
        while (ids.length < LENGTH) {
            State state = run(ids);
            double[] p = state.probabilities()[ids.length - 1];
            double bestScore = Double.NEGATIVE_INFINITY;
            int choice = -1;
            for (int id : best(p, BEAM)) {
                float[][] hidden = run(with(ids, id)).hidden();
                double similarity = Double.NEGATIVE_INFINITY;
                for (int i = 0; i < ids.length; i++) {
                    similarity = Math.max(similarity, cosine(hidden[i], hidden[ids.length]));
                }
                double score = (1 - ALPHA) * p[id] - ALPHA * similarity;
                if (score > bestScore) {
                    bestScore = score;
                    choice = id;
                }
            }
            ids = with(ids, choice);
        }
        return ids;
    }

    private static double cosine(float[] a, float[] b) {
        double product = 0;
        double squareA = 0;
        double squareB = 0;
        for (int i = 0; i < a.length; i++) {
            product += a[i] * b[i];
            squareA += a[i] * a[i];
            squareB += b[i] * b[i];
        }
        return product / Math.sqrt(squareA * squareB);
    }
}
