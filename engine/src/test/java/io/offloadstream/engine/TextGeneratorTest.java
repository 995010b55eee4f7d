/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertNotEquals;
import static org.testng.Assert.assertTrue;

import ai.djl.BaseModel;
import ai.djl.Device;
import ai.djl.inference.Predictor;
import ai.djl.modality.nlp.generate.CausalLMOutput;
import ai.djl.modality.nlp.generate.SearchConfig;
import ai.djl.modality.nlp.generate.TextGenerator;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.translate.NoBatchifyTranslator;
import ai.djl.translate.TranslateException;
import ai.djl.translate.TranslatorContext;
import io.offloadstream.platform.MemoryBudget;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** DJL's TextGenerator runs on our arrays, and finds what its searches should find. */
public class TextGeneratorTest {

    private static final long PAD = 0;
    private static final int LENGTH = 12;

    /** Of different lengths: the shorter one is padded on the left. */
    private static final List<List<Long>> PROMPTS = List.of(List.of(3L, 7L, 1L), List.of(5L, 2L));

    @DataProvider
    public Object[] seeds() {
        return new Object[] {1L, 2L, 3L, 4L};
    }

    @Test(dataProvider = "seeds")
    public void greedySearchFindsTheLikeliestTokens(long seed) throws TranslateException {
        ToyLanguageModel toy = new ToyLanguageModel(seed);
        List<List<Long>> expected = new ArrayList<>();
        for (List<Long> prompt : PROMPTS) {
            expected.add(new ToySearch(toy).greedy(prompt, LENGTH - 3));
        }
        assertEquals(generate(toy, "greedy"), expected, "seed " + seed);
    }

    @Test(dataProvider = "seeds")
    public void beamSearchFindsTheLikeliestSequences(long seed) throws TranslateException {
        ToyLanguageModel toy = new ToyLanguageModel(seed);
        List<List<Long>> expected = new ArrayList<>();
        for (List<Long> prompt : PROMPTS) {
            expected.addAll(new ToySearch(toy).beam(prompt, LENGTH - 3, config().getBeam()));
        }
        assertEquals(generate(toy, "beam"), expected, "seed " + seed);
    }

    @Test(dataProvider = "seeds")
    public void contrastiveSearchAvoidsWhatWasSaid(long seed) throws TranslateException {
        ToyLanguageModel toy = new ToyLanguageModel(seed);
        List<List<Long>> expected = new ArrayList<>();
        for (List<Long> prompt : PROMPTS) {
            expected.add(
                    new ToySearch(toy)
                            .contrastive(prompt, LENGTH - 3, config().getK(), config().getAlpha()));
        }
        assertEquals(generate(toy, "contrastive"), expected, "seed " + seed);
    }

    @Test
    public void theSearchesDiffer() throws TranslateException {
        ToyLanguageModel toy = new ToyLanguageModel(1);
        List<List<Long>> greedy = generate(toy, "greedy");
        assertNotEquals(generate(toy, "contrastive"), greedy);
        assertNotEquals(generate(toy, "beam").get(0), greedy.get(0));
    }

    private static SearchConfig config() {
        SearchConfig config = new SearchConfig();
        config.setMaxSeqLength(LENGTH);
        config.setPadTokenId(PAD);
        config.setSuffixPadding(false);
        config.setBeam(3);
        config.setK(4);
        config.setAlpha(0.6f);
        return config;
    }

    /** The generated rows, without the padding that some begin with. */
    private static List<List<Long>> generate(ToyLanguageModel toy, String search)
            throws TranslateException {
        MemoryBudget budget = MemoryBudget.unlimited("hostMemory");
        List<List<Long>> rows = new ArrayList<>();
        try (ToyModel model = new ToyModel(toy, budget);
                Predictor<NDList, CausalLMOutput> predictor =
                        new Predictor<>(model, new ToyTranslator(), Device.cpu(), false);
                OfsNDManager manager = model.manager().newSubManager(Device.cpu())) {
            TextGenerator generator = new TextGenerator(predictor, search, config());
            NDArray ids = manager.create(new long[][] {{3, 7, 1}, {PAD, 5, 2}});
            NDArray generated = generator.generate(ids);
            assertEquals(generated.getDataType(), DataType.INT64);
            assertTrue(model.passes() > LENGTH - 4, "passes " + model.passes());
            long[] all = generated.toLongArray();
            int length = (int) generated.getShape().getLastDimension();
            for (int first = 0; first < all.length; first += length) {
                int beams = all.length / length / 2;
                int pads = first / length < beams ? 0 : 1;
                List<Long> row = new ArrayList<>();
                Arrays.stream(all, first + pads, first + length).forEach(row::add);
                // a padded row generates as many tokens, not as many in all
                rows.add(row);
            }
        }
        assertEquals(budget.usedBytes(), 0, "arrays left: " + budget.usedByPurpose());
        budget.close();
        return rows;
    }

    private static final class ToyModel extends BaseModel {

        ToyModel(ToyLanguageModel toy, MemoryBudget budget) {
            super("toy");
            manager = new OfsNDManager(OfsNDManager.getSystemManager(), Device.cpu(), budget);
            block = new ToyBlock(toy);
        }

        OfsNDManager manager() {
            return (OfsNDManager) manager;
        }

        int passes() {
            return ((ToyBlock) block).passes;
        }

        @Override
        public void load(Path modelPath, String prefix, Map<String, ?> options) {
            throw new UnsupportedOperationException("not asked for");
        }
    }

    private static final class ToyTranslator
            implements NoBatchifyTranslator<NDList, CausalLMOutput> {

        @Override
        public NDList processInput(TranslatorContext context, NDList input) {
            return input;
        }

        @Override
        public CausalLMOutput processOutput(TranslatorContext context, NDList list) {
            return new CausalLMOutput(list.get(0), list.get(1), list.subNDList(2));
        }
    }
}
