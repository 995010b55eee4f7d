/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.zoo;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.util.PairList;
import io.offloadstream.engine.OfsSymbolBlock;
import io.offloadstream.model.BestLogits;
import io.offloadstream.model.PassOutput;
import io.offloadstream.model.Session;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.model.TokenBatch;
import io.offloadstream.model.TokenChooser;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.text.GenerationConfig;
import io.offloadstream.text.Sampler;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** Passes that hand out the largest logits alone, and generation by them. */
public class BestLogitsPassTest {

    private static final int[] IDS = {11, 52, 7, 33, 5, 90, 2, 41, 18, 63, 29, 4};

    private TinyModel tiny;
    private ZooModel<NDList, NDList> model;
    private StreamedModel streamed;

    @BeforeClass
    public void open() throws Exception {
        tiny = new TinyModel();
        model =
                tiny.criteria(NDList.class, NDList.class)
                        .optOption("maxSequenceLength", "64")
                        .build()
                        .loadModel();
        streamed = TinyModel.engineModel(model).streamedModel();
    }

    @AfterClass(alwaysRun = true)
    public void close() {
        model.close();
        tiny.close();
        assertEquals(streamed.budget().usedBytes(), 0, streamed.budget().usedByPurpose() + "");
    }

    /** Sequences of a batch, rows that get logits; all of them is more rows than one step takes. */
    @DataProvider
    public Object[][] batches() {
        int[] all = new int[12];
        Arrays.setAll(all, i -> i);
        return new Object[][] {
            {1, new int[] {11}}, {3, new int[] {3, 6, 11}}, {4, all}, {2, new int[] {0, 4, 5, 10}}
        };
    }

    @Test(dataProvider = "batches")
    public void theBestAreThoseOfAllLogits(int batch, int[] rows) {
        int vocab = TinyModel.VOCAB;
        int count = 7;
        float[] all = new float[rows.length * vocab];
        TokenBatch input = new TokenBatch(IDS.length / batch, IDS, null, null);
        try (HostMemory memory = HostMemory.allocate(streamed.budget(), "test", 4L * all.length);
                HostMemory few =
                        HostMemory.allocate(
                                streamed.budget(),
                                "test",
                                BestLogits.sizeBytes(streamed, rows.length, count));
                Session one = streamed.newSession(batch);
                Session other = streamed.newSession(batch)) {
            Tensor logits = new Tensor(DType.F32, memory.address(), rows.length, vocab);
            one.forward(input, new PassOutput(rows, logits, null));
            memory.buffer(0, 4 * all.length).asFloatBuffer().get(all);
            BestLogits best = new BestLogits(streamed, few, rows.length, count);
            other.forward(input, PassOutput.best(rows, best));
            for (int row = 0; row < rows.length; row++) {
                FloatBuffer values = FloatBuffer.allocate(count);
                IntBuffer ids = IntBuffer.allocate(count);
                best.merge(row, values, ids);
                float[] expected = Arrays.copyOfRange(all, row * vocab, (row + 1) * vocab);
                for (int i = 0; i < count; i++) {
                    assertEquals(values.get(i), expected[ids.get(i)], "row " + row);
                }
                Arrays.sort(expected);
                for (int i = 0; i < count; i++) {
                    assertEquals(values.get(i), expected[vocab - 1 - i], "row " + row);
                }
            }
        }
    }

    @Test
    public void rowsThatDoNotFitAreRefused() {
        try (HostMemory few =
                        HostMemory.allocate(
                                streamed.budget(), "test", BestLogits.sizeBytes(streamed, 2, 3));
                Session session = streamed.newSession(1)) {
            BestLogits best = new BestLogits(streamed, few, 2, 3);
            TokenBatch input = new TokenBatch(IDS.length, IDS, null, null);
            IllegalArgumentException e =
                    expectThrows(
                            IllegalArgumentException.class,
                            () -> session.forward(input, PassOutput.best(new int[] {3}, best)));
            assertTrue(e.getMessage().contains("2 rows, should have 1"), e.getMessage());
        }
    }

    /** Passes on what it is told, but wants all logits. */
    private static final class ByAll implements TokenChooser {

        private final TokenChooser chooser;

        ByAll(TokenChooser chooser) {
            this.chooser = chooser;
        }

        @Override
        public int next(FloatBuffer logits) {
            assertEquals(logits.remaining(), TinyModel.VOCAB);
            return chooser.next(logits);
        }

        @Override
        public boolean isFinished() {
            return chooser.isFinished();
        }
    }

    @DataProvider
    public Object[][] parameters() {
        return new Object[][] {
            {Map.of("do_sample", false), 1},
            {Map.of("do_sample", true, "top_k", 5, "temperature", 3), 37},
            {Map.of("do_sample", true, "top_k", 40, "top_p", 0.8, "temperature", 2), 72},
            {Map.of("do_sample", true, "top_k", 20, "min_p", 0.05, "temperature", 2), 52},
            {Map.of("do_sample", true, "top_k", 90), 122}, // more than there are
            {Map.of("do_sample", true, "top_k", 0), 0},
            {Map.of("do_sample", false, "repetition_penalty", 1.5), 0},
        };
    }

    @Test(dataProvider = "parameters")
    public void generationIsTheSameAsByAllLogits(Map<String, Object> parameters, int wanted) {
        for (int seed = 0; seed < 8; seed++) {
            Map<String, Object> seeded = new HashMap<>(parameters);
            seeded.put("seed", seed);
            seeded.put("max_new_tokens", 25);
            GenerationConfig config = GenerationConfig.DEFAULT.with(seeded);
            assertEquals(new Sampler(config, IDS).bestLogits(), wanted);
            List<Long> all = generate(new ByAll(new Sampler(config, IDS)));
            assertEquals(generate(new Sampler(config, IDS)), all, parameters + " seed " + seed);
            assertTrue(!all.isEmpty());
        }
    }

    private List<Long> generate(TokenChooser chooser) {
        List<Long> ids = new ArrayList<>();
        OfsSymbolBlock block = (OfsSymbolBlock) model.getBlock();
        PairList<String, Object> parameters = new PairList<>();
        parameters.add(OfsSymbolBlock.TOKEN_CHOOSER, chooser);
        try (NDManager manager = model.getNDManager().newSubManager()) {
            long[] prompt = Arrays.stream(IDS).asLongStream().toArray();
            NDList input = new NDList(manager.create(new long[][] {prompt}));
            try (var tokens = block.forwardStreamIter(null, input, false, parameters)) {
                while (tokens.hasNext()) {
                    ids.add(tokens.next().singletonOrThrow().toLongArray()[0]);
                }
            }
        }
        return ids;
    }
}
