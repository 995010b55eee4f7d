/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.zoo;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertSame;
import static org.testng.Assert.assertThrows;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.util.PairList;
import io.offloadstream.engine.OfsSymbolBlock;
import io.offloadstream.engine.TokenStream;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.model.TokenChooser;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.NoSuchElementException;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.testng.annotations.AfterMethod;
import org.testng.annotations.BeforeMethod;
import org.testng.annotations.Test;

/** The block's token stream, used without a predictor. */
public class TokenStreamTest {

    private static final long[] PROMPT = {11, 52, 7, 33};
    private static final int LENGTH = 12;

    private TinyModel tiny;
    private ZooModel<NDList, NDList> model;
    private StreamedModel streamed;
    private OfsSymbolBlock block;
    private NDManager manager;
    private long usedBytes;

    @BeforeMethod
    public void open() throws Exception {
        tiny = new TinyModel();
        manager = NDManager.newBaseManager(Device.cpu(), "OffloadStream");
        load();
    }

    private void load() throws Exception {
        model =
                tiny.criteria(NDList.class, NDList.class)
                        .optOption("maxSequenceLength", String.valueOf(LENGTH))
                        .build()
                        .loadModel();
        block = (OfsSymbolBlock) model.getBlock();
        streamed = TinyModel.engineModel(model).streamedModel();
        usedBytes = streamed.budget().usedBytes();
    }

    @AfterMethod(alwaysRun = true)
    public void close() {
        manager.close();
        model.close();
        tiny.close();
        assertEquals(streamed.budget().usedBytes(), 0, streamed.budget().usedByPurpose() + "");
    }

    private NDList prompt() {
        return new NDList(manager.create(new long[][] {PROMPT}));
    }

    private long[] stream(NDList inputs) {
        try (Stream<NDList> tokens = block.forwardStream(null, inputs, false)) {
            return tokens.mapToLong(TokenStreamTest::id).toArray();
        }
    }

    private static long id(NDList list) {
        try (NDArray token = list.singletonOrThrow()) {
            assertEquals(token.getShape(), new Shape(1));
            assertEquals(token.getDataType(), DataType.INT64);
            return token.toLongArray()[0];
        }
    }

    /** The most probable tokens, each by a pass over the whole sequence, up to the full length. */
    private long[] greedy() {
        long[] ids = PROMPT;
        while (ids.length <= LENGTH) {
            try (NDManager own = manager.newSubManager()) {
                NDList input = new NDList(own.create(new long[][] {ids}));
                NDArray logits = block.forward(null, input, false).singletonOrThrow();
                float[] values = logits.toFloatArray();
                int best = values.length - TinyModel.VOCAB;
                for (int i = best; i < values.length; i++) {
                    best = values[i] > values[best] ? i : best;
                }
                ids = Arrays.copyOf(ids, ids.length + 1);
                ids[ids.length - 1] = (long) best - values.length + TinyModel.VOCAB;
            }
        }
        return Arrays.copyOfRange(ids, PROMPT.length, ids.length);
    }

    @Test
    public void withoutAChooserTheMostProbableTokensFillTheSequence() {
        long[] expected = greedy();
        assertEquals(expected.length, LENGTH - PROMPT.length + 1);
        assertEquals(stream(prompt()), expected);
    }

    @Test
    public void paddedPromptsGoOnTheSame() {
        long[] expected = Arrays.copyOf(greedy(), 5);
        NDList left =
                new NDList(
                        manager.create(new long[][] {{0, 0, 11, 52, 7, 33}}),
                        manager.create(new long[][] {{0, 0, 1, 1, 1, 1}}));
        assertEquals(Arrays.copyOf(stream(left), 5), expected);
        NDList right =
                new NDList(
                        manager.create(new long[][] {{11, 52, 7, 33, 0}}),
                        manager.create(new long[][] {{1, 1, 1, 1, 0}}),
                        manager.create(new long[][] {{0, 1, 2, 3, 3}}));
        assertEquals(Arrays.copyOf(stream(right), 5), expected);
    }

    @Test
    public void endTokensOfTheGenerationConfigEndTheText() throws Exception {
        long[] all = greedy();
        int end = 1;
        while (contains(all, end, all[end])) {
            end++;
        }
        model.close();
        tiny.write("generation_config.json", "{\"eos_token_id\": [95, " + all[end] + "]}");
        load();
        assertEquals(stream(prompt()), Arrays.copyOf(all, end));
    }

    private static boolean contains(long[] ids, int count, long id) {
        return Arrays.stream(ids, 0, count).anyMatch(other -> other == id);
    }

    @Test
    public void aStreamReadToItsEndHoldsNothingThoughNotClosed() {
        TokenStream tokens = block.forwardStreamIter(null, prompt(), false, null);
        NDArray first = tokens.next().singletonOrThrow();
        assertSame(first.getManager(), manager);
        first.close();
        assertTrue(streamed.budget().usedBytes() > usedBytes);
        while (tokens.hasNext()) {
            tokens.next().close();
        }
        assertEquals(streamed.budget().usedBytes(), usedBytes);
        assertThrows(NoSuchElementException.class, tokens::next);
    }

    @Test
    public void aChooserThatFailsEndsTheStream() {
        PairList<String, Object> params = new PairList<>();
        TokenChooser failing =
                logits -> {
                    assertEquals(logits.remaining(), TinyModel.VOCAB);
                    assertTrue(logits.isReadOnly());
                    throw new IllegalStateException("planted");
                };
        params.add(OfsSymbolBlock.TOKEN_CHOOSER, failing);
        TokenStream tokens = block.forwardStreamIter(null, prompt(), false, params);
        assertThrows(IllegalStateException.class, tokens::next);
        assertEquals(streamed.budget().usedBytes(), usedBytes);
        assertFalse(tokens.hasNext());
    }

    @Test
    public void forwardWithAChooserReturnsAllIds() {
        long[] expected = Arrays.copyOf(greedy(), 3);
        TokenChooser three =
                new TokenChooser() {
                    private int chosen;

                    @Override
                    public int next(FloatBuffer logits) {
                        return chosen == 3 ? END : (int) expected[chosen++];
                    }
                };
        PairList<String, Object> params = new PairList<>();
        params.add(OfsSymbolBlock.TOKEN_CHOOSER, three);
        NDArray ids = block.forward(null, prompt(), false, params).singletonOrThrow();
        assertEquals(ids.getShape(), new Shape(1, 3));
        assertEquals(ids.toLongArray(), expected);
        TokenChooser none = logits -> TokenChooser.END;
        PairList<String, Object> nothing = new PairList<>();
        nothing.add(OfsSymbolBlock.TOKEN_CHOOSER, none);
        NDArray empty = block.forward(null, prompt(), false, nothing).singletonOrThrow();
        assertEquals(empty.getShape(), new Shape(1, 0));
    }

    @Test
    public void anAbandonedStreamIsReleasedByTheModel() {
        TokenStream tokens = block.forwardStreamIter(null, prompt(), false, null);
        assertTrue(tokens.hasNext());
        model.close();
        assertEquals(streamed.budget().usedBytes(), 0, streamed.budget().usedByPurpose() + "");
        tokens.close();
    }

    @Test
    public void whatCannotBeGeneratedIsRefusedBeforeItBegins() {
        assertRefused("2 sequences", new NDList(manager.create(new long[][] {{1}, {2}})));
        assertRefused(
                "attention_mask is 0 everywhere",
                new NDList(
                        manager.create(new long[][] {{1, 2}}),
                        manager.create(new long[][] {{0, 0}})));
        PairList<String, Object> wrong = new PairList<>();
        wrong.add(OfsSymbolBlock.TOKEN_CHOOSER, "greedy");
        IllegalArgumentException e =
                expectThrows(
                        IllegalArgumentException.class,
                        () -> block.forward(null, prompt(), false, wrong));
        assertTrue(e.getMessage().contains("tokenChooser is a java.lang.String"), e.getMessage());
        assertThrows(
                UnsupportedOperationException.class, () -> block.forward(null, prompt(), true));
    }

    private void assertRefused(String message, NDList inputs) {
        IllegalArgumentException e =
                expectThrows(
                        IllegalArgumentException.class,
                        () -> block.forwardStreamIter(null, inputs, false, null));
        assertTrue(e.getMessage().contains(message), e.getMessage());
    }

    @Test(timeOut = 600_000)
    public void closingFromAnotherThreadWaitsForWhoReadsTheLogits() throws Exception {
        CountDownLatch choosing = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        TokenChooser slow =
                logits -> {
                    choosing.countDown();
                    try {
                        go.await();
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                    return logits.get(0) > 0 ? 1 : 2;
                };
        PairList<String, Object> params = new PairList<>();
        params.add(OfsSymbolBlock.TOKEN_CHOOSER, slow);
        TokenStream stream = block.forwardStreamIter(null, prompt(), false, params);
        Thread reader = new Thread(() -> assertTrue(stream.hasNext()));
        reader.setUncaughtExceptionHandler((thread, e) -> {});
        reader.start();
        choosing.await();
        Thread closer = new Thread(stream::close);
        closer.start();
        while (closer.isAlive() && closer.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
        boolean waits = closer.isAlive();
        long used = streamed.budget().usedBytes();
        go.countDown();
        reader.join();
        closer.join();
        assertTrue(waits, "closed while the logits are read");
        assertTrue(used > usedBytes + 4 * TinyModel.VOCAB, "freed while they are read");
        assertFalse(stream.hasNext() && stream.next() != null && stream.hasNext());
    }
}
