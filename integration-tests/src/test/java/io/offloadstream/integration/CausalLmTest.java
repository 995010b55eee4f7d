/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import static org.testng.Assert.assertEquals;

import ai.djl.inference.Predictor;
import ai.djl.modality.nlp.generate.CausalLMOutput;
import ai.djl.modality.nlp.generate.SearchConfig;
import ai.djl.modality.nlp.generate.TextGenerator;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.repository.zoo.ZooModel;
import io.offloadstream.model.KvShape;
import io.offloadstream.model.StreamedModel;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** DJL's TextGenerator, unchanged, on the reference decoders, streamed. */
public class CausalLmTest {

    private static final int NEW_TOKENS = 24;
    private static final int SEARCHED_TOKENS = 6;
    private static final int WIDTH = 3;
    private static final float ALPHA = 0.4f;

    /** The references' own padding token: TextGenerator masks it wherever it is in a prompt. */
    private static final int PAD = 639;

    /** What one model is tried with. */
    private interface Body {
        void run(
                Goldens goldens,
                StreamedModel streamed,
                Predictor<NDList, CausalLMOutput> predictor)
                throws Exception;
    }

    @DataProvider
    Object[][] models() {
        return TestModels.references();
    }

    private static void with(String name, int batch, int length, Body body) throws Exception {
        Goldens goldens = Goldens.reference(name);
        Map<String, String> options =
                Budgets.streaming(goldens.directory(), batch, length, "direct");
        // logits, hidden states, keys and values of a call and of the one before it
        long outputs = 4L * batch * length * (1 << 13);
        options.put("hostMemory", Long.parseLong(options.get("hostMemory")) + outputs + "");
        try (ZooModel<NDList, CausalLMOutput> model =
                        Djl.load(goldens.directory(), NDList.class, CausalLMOutput.class, options);
                Predictor<NDList, CausalLMOutput> predictor = model.newPredictor()) {
            body.run(goldens, Djl.streamed(model), predictor);
        }
        Leaks.assertNone(goldens.directory());
    }

    private static SearchConfig config(int length) {
        SearchConfig config = new SearchConfig();
        config.setMaxSeqLength(length);
        config.setPadTokenId(PAD);
        config.setBeam(WIDTH);
        config.setK(WIDTH);
        config.setAlpha(ALPHA);
        config.setSuffixPadding(false);
        return config;
    }

    private static long[][] generate(
            Predictor<NDList, CausalLMOutput> predictor, String search, int length, long[][] prompt)
            throws Exception {
        try (NDManager manager = NDManager.newBaseManager(null, Djl.ENGINE)) {
            TextGenerator generator = new TextGenerator(predictor, search, config(length));
            NDArray output = generator.generate(manager.create(prompt));
            long[] flat = output.toLongArray();
            int rows = Math.toIntExact(output.getShape().get(0));
            int columns = flat.length / rows;
            return IntStream.range(0, rows)
                    .mapToObj(r -> Arrays.copyOfRange(flat, r * columns, (r + 1) * columns))
                    .toArray(long[][]::new);
        }
    }

    private static long[] longs(int[] ids) {
        return IntStream.of(ids).asLongStream().toArray();
    }

    private static long[] concat(int[] first, int[] second) {
        return IntStream.concat(IntStream.of(first), IntStream.of(second)).asLongStream().toArray();
    }

    @Test(dataProvider = "models")
    public void greedySearchFindsTheReferencesTokens(String name) throws Exception {
        with(
                name,
                1,
                150,
                (goldens, streamed, predictor) -> {
                    for (String each : new String[] {"short", "long"}) {
                        Goldens.Case c = goldens.find(each);
                        int length = c.tokens() + NEW_TOKENS;
                        long[][] output =
                                generate(
                                        predictor,
                                        "greedy",
                                        length,
                                        new long[][] {longs(c.inputIds())});
                        assertEquals(output[0], concat(c.inputIds(), c.greedyNewTokens()), each);
                    }
                    PassReads.assertPlannedGroupsWereRead(streamed);
                });
    }

    @Test(dataProvider = "models")
    public void greedySearchOfAPaddedBatchFindsThemToo(String name) throws Exception {
        with(
                name,
                2,
                60,
                (goldens, streamed, predictor) -> {
                    Goldens.Case c = goldens.find("short");
                    int padding = 5;
                    int tokens = c.tokens() + padding;
                    long[] shorter = new long[tokens];
                    Arrays.fill(shorter, PAD);
                    System.arraycopy(longs(c.inputIds()), 0, shorter, padding, c.tokens());
                    long[] longer = IntStream.range(1, tokens + 1).asLongStream().toArray();
                    int length = tokens + NEW_TOKENS;
                    long[][] output =
                            generate(predictor, "greedy", length, new long[][] {longer, shorter});
                    long[] unpadded = Arrays.copyOfRange(output[1], padding, length);
                    assertEquals(unpadded, concat(c.inputIds(), c.greedyNewTokens()));
                    int[] ids = IntStream.range(1, tokens + 1).toArray();
                    int[] alone = Runs.greedy(streamed, ids, NEW_TOKENS);
                    assertEquals(output[0], concat(ids, alone));
                });
    }

    @Test(dataProvider = "models")
    public void beamSearchFindsWhatRecomputingFinds(String name) throws Exception {
        with(
                name,
                WIDTH,
                40,
                (goldens, streamed, predictor) -> {
                    int[] prompt = goldens.find("short").inputIds();
                    int length = prompt.length + SEARCHED_TOKENS;
                    long[][] expected = new Searches(streamed, length, WIDTH).beam(prompt);
                    long[][] actual =
                            generate(predictor, "beam", length, new long[][] {longs(prompt)});
                    assertEquals(actual, expected);
                });
    }

    @Test(dataProvider = "models")
    public void contrastiveSearchFindsWhatRecomputingFinds(String name) throws Exception {
        with(
                name,
                WIDTH,
                40,
                (goldens, streamed, predictor) -> {
                    int[] prompt = goldens.find("short").inputIds();
                    int length = prompt.length + SEARCHED_TOKENS;
                    long[] expected =
                            new Searches(streamed, length, WIDTH).contrastive(prompt, ALPHA);
                    long[][] actual =
                            generate(
                                    predictor, "contrastive", length, new long[][] {longs(prompt)});
                    assertEquals(actual[0], expected);
                });
    }

    @Test(dataProvider = "models")
    public void outputsHaveTheShapesAndHiddenStateOfTheReference(String name) throws Exception {
        with(
                name,
                1,
                40,
                (goldens, streamed, predictor) -> {
                    Goldens.Case c = goldens.find("short");
                    List<String> keys = c.keys("hidden_states");
                    float[] hidden = goldens.tensor(keys.get(keys.size() - 1));
                    try (NDManager manager = NDManager.newBaseManager(null, Djl.ENGINE)) {
                        int past = c.tokens() - 2;
                        int[] ids = c.inputIds();
                        CausalLMOutput first =
                                predictor.predict(
                                        input(manager, Arrays.copyOf(ids, past), 0, null));
                        assertShapes(first, streamed, past, past);
                        CausalLMOutput second =
                                predictor.predict(
                                        input(
                                                manager,
                                                Arrays.copyOfRange(ids, past, ids.length),
                                                past,
                                                first.getPastKeyValuesList()));
                        assertShapes(second, streamed, ids.length - past, ids.length);
                        NDArray both = first.getHiddenState().concat(second.getHiddenState(), 1);
                        Closeness.assertClose(both.toFloatArray(), hidden, null, "hidden state");
                    }
                });
    }

    private static void assertShapes(
            CausalLMOutput output, StreamedModel streamed, int tokens, int length) {
        KvShape kv = streamed.decoder().kvShape();
        Shape shape = new Shape(1, kv.heads(), length, kv.headDim());
        assertEquals(output.getPastKeyValuesList().size(), 2 * streamed.decoder().blockCount());
        output.getPastKeyValuesList().forEach(array -> assertEquals(array.getShape(), shape));
        assertEquals(
                output.getLogits().getShape(),
                new Shape(1, tokens, streamed.decoder().vocabSize()));
        assertEquals(
                output.getHiddenState().getShape(),
                new Shape(1, tokens, streamed.decoder().hiddenSize()));
    }

    /** Inputs in the order of TextGenerator: ids, positions, mask of past and new, keys, values. */
    private static NDList input(NDManager manager, int[] ids, int past, NDList pastOrNull) {
        NDArray positions =
                manager.create(IntStream.range(past, past + ids.length).asLongStream().toArray());
        NDArray mask =
                manager.create(IntStream.range(0, past + ids.length).mapToLong(i -> 1).toArray());
        NDList input =
                new NDList(
                        manager.create(longs(ids)).expandDims(0),
                        positions.expandDims(0),
                        mask.expandDims(0));
        if (pastOrNull != null) {
            input.addAll(pastOrNull);
        }
        return input;
    }
}
