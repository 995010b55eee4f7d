/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.repository.zoo.ZooModel;
import io.offloadstream.model.ModelOptions;
import io.offloadstream.model.Session;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.model.TokenBatch;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/**
 * Batches under any 0/1 mask: what is not masked has the numbers of the same tokens run alone, or
 * those of the original implementation; what is masked is finite.
 */
public class BatchMaskTest {

    private static final int TOKENS = 50;
    private static final int SEED = 31;
    private static final int DECODED = 4;

    private ScratchDirectory scratch;

    @BeforeClass
    public void open() {
        scratch = new ScratchDirectory("mask");
    }

    @AfterClass(alwaysRun = true)
    public void close() {
        scratch.close();
    }

    @DataProvider
    Object[][] models() {
        return TestModels.all();
    }

    @DataProvider
    Object[][] references() {
        return TestModels.references();
    }

    /** Padding of all lengths, gaps, random masks, and a row that is masked as a whole. */
    private static byte[][] masks(boolean withGaps, Random random) {
        List<byte[]> masks = new ArrayList<>();
        masks.add(Masks.ones(TOKENS));
        masks.add(Masks.left(TOKENS, 1));
        masks.add(Masks.left(TOKENS, TOKENS - 1));
        masks.add(Masks.left(TOKENS, 17));
        masks.add(Masks.right(TOKENS, 1));
        masks.add(Masks.right(TOKENS, 23));
        masks.add(Masks.left(TOKENS, TOKENS));
        if (withGaps) {
            masks.add(Masks.interior(TOKENS, 1, 2));
            masks.add(Masks.interior(TOKENS, 5, 45));
            for (int i = 0; i < 3; i++) {
                masks.add(Masks.random(TOKENS, random));
            }
        }
        return masks.toArray(byte[][]::new);
    }

    private static int[] ids(int count, int vocab, Random random) {
        return random.ints(count, 0, vocab).toArray();
    }

    private static StreamedModel model(Path directory, int batch) {
        Map<String, String> options =
                Budgets.streaming(directory, batch, TOKENS + DECODED, "direct");
        return StreamedModel.open(directory, ModelOptions.parse(options));
    }

    /**
     * Tokens that are not masked see each other and no other, at positions counted without the
     * masked: they are the tokens run alone. With a sliding window that holds for padding only.
     */
    @Test(dataProvider = "models")
    public void whatIsNotMaskedIsAsRunAlone(String name) {
        Random random = new Random(SEED);
        Path directory = TestModels.directory(name, scratch);
        byte[][] masks = masks(!TestModels.hasWindow(name), random);
        try (StreamedModel model = model(directory, masks.length + 1);
                Session session = model.newSession(masks.length)) {
            int vocab = model.decoder().vocabSize();
            int[] ids = ids(masks.length * TOKENS, vocab, random);
            int[] next = ids(masks.length * DECODED, vocab, random);
            byte[][] seen = masks;
            float[][] logits = rows(model, session, ids, seen);
            for (int row = 0; row < masks.length; row++) {
                int[] own = Arrays.copyOfRange(ids, row * TOKENS, (row + 1) * TOKENS);
                assertAsAlone(model, own, masks[row], logits[row], name + " row " + row);
            }
            for (int step = 0; step < DECODED; step++) {
                int[] column = new int[masks.length];
                byte[][] longer = new byte[masks.length][];
                for (int row = 0; row < masks.length; row++) {
                    column[row] = next[row * DECODED + step];
                    longer[row] = Arrays.copyOf(seen[row], seen[row].length + 1);
                    longer[row][seen[row].length] = 1;
                }
                seen = longer;
                logits = rows(model, session, column, seen);
            }
            for (int row = 0; row < masks.length; row++) {
                if (TestModels.hasWindow(name) && masks[row][TOKENS - 1] == 0) {
                    // what is right padding in a prompt is a gap when tokens follow
                    continue;
                }
                int[] prompt = Arrays.copyOfRange(ids, row * TOKENS, (row + 1) * TOKENS);
                int[] added = Arrays.copyOfRange(next, row * DECODED, (row + 1) * DECODED);
                int[] alone = concat(Masks.keep(prompt, masks[row]), added);
                float[] expected = lastRow(FaultFixture.answer(model, alone), vocab);
                Closeness.assertClose(logits[row], expected, null, name + " decoded row " + row);
            }
        }
    }

    private static void assertAsAlone(
            StreamedModel model, int[] ids, byte[] mask, float[] logits, String what) {
        for (float value : logits) {
            assertTrue(Float.isFinite(value), what + " is finite where it is masked");
        }
        int[] alone = Masks.keep(ids, mask);
        if (alone.length > 0) {
            float[] expected = FaultFixture.answer(model, alone);
            Closeness.assertClose(Masks.keep(logits, mask), expected, null, what);
        }
    }

    private static int[] concat(int[] first, int[] second) {
        return IntStream.concat(IntStream.of(first), IntStream.of(second)).toArray();
    }

    private static float[] lastRow(float[] logits, int vocab) {
        return Arrays.copyOfRange(logits, logits.length - vocab, logits.length);
    }

    /** Logits of each sequence's new tokens. */
    private static float[][] rows(StreamedModel model, Session session, int[] ids, byte[][] masks) {
        int tokens = ids.length / masks.length;
        TokenBatch input = new TokenBatch(tokens, ids, Masks.concat(masks), null);
        float[] all = Runs.all(model, session, input).logits();
        int width = all.length / masks.length;
        return IntStream.range(0, masks.length)
                .mapToObj(row -> Arrays.copyOfRange(all, row * width, (row + 1) * width))
                .toArray(float[][]::new);
    }

    /** Sliding windows too: the original, traced, gets the same masks. */
    @Test(dataProvider = "references")
    public void anyMaskIsAsInTheOriginal(String name) throws Exception {
        Goldens goldens = Goldens.reference(name);
        Random random = new Random(SEED);
        byte[][] masks = withoutRowsThatSeeNothing(masks(true, random));
        Map<String, String> options =
                Budgets.streaming(goldens.directory(), masks.length, TOKENS, "direct");
        try (ZooModel<NDList, NDList> torch = Djl.loadTraced(goldens);
                ZooModel<NDList, NDList> ours =
                        Djl.loadLogits(goldens.directory(), Djl.ENGINE, options);
                Predictor<NDList, NDList> torchPredictor = torch.newPredictor();
                Predictor<NDList, NDList> ourPredictor = ours.newPredictor();
                NDManager manager = torch.getNDManager().newSubManager()) {
            Shape shape = new Shape(masks.length, TOKENS);
            int vocab = Djl.streamed(ours).decoder().vocabSize();
            byte[] mask = Masks.concat(masks);
            NDArray ids = manager.create(random.longs(mask.length, 0, vocab).toArray(), shape);
            NDArray maskArray =
                    manager.create(
                            IntStream.range(0, mask.length).mapToLong(i -> mask[i]).toArray(),
                            shape);
            NDArray expected = torchPredictor.predict(new NDList(ids, maskArray)).get(0);
            NDArray actual = ourPredictor.predict(new NDList(ids, maskArray)).get(0);
            assertEquals(actual.getShape(), expected.getShape());
            Closeness.assertClose(
                    actual.toFloatArray(), expected.toFloatArray(), mask, name + " seed " + SEED);
        }
    }

    /** Of a row that is masked as a whole there is nothing to compare. */
    private static byte[][] withoutRowsThatSeeNothing(byte[][] masks) {
        return Arrays.stream(masks).filter(mask -> Masks.count(mask) > 0).toArray(byte[][]::new);
    }
}
