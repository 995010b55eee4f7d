/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import ai.djl.MalformedModelException;
import ai.djl.engine.EngineException;
import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.TranslateException;
import io.offloadstream.model.ModelPlan;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.platform.Interrupts;
import io.offloadstream.stream.PassCancelledException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** What a DJL user sees when something goes wrong: one exception of DJL's, then things work. */
public class PredictorFaultTest extends FaultFixture {

    private static final long TOUCHED_MILLIS = 1_000_000;

    private ZooModel<NDList, NDList> load(Map<String, String> options) throws Exception {
        ZooModel<NDList, NDList> model = Djl.loadLogits(directory(), Djl.ENGINE, options);
        watch(Djl.streamed(model));
        return model;
    }

    private static float[] predict(Predictor<NDList, NDList> predictor, int... tokens)
            throws TranslateException {
        try (NDManager manager = NDManager.newBaseManager(null, Djl.ENGINE)) {
            long[] ids = IntStream.of(tokens).asLongStream().toArray();
            NDArray input = manager.create(new long[][] {ids});
            return predictor.predict(new NDList(input)).get(0).toFloatArray();
        }
    }

    /** The message is the engine's own, said once by DJL's exception around it. */
    private static void assertSays(TranslateException e, String text) {
        assertTrue(e.getCause() instanceof EngineException, e.toString());
        assertTrue(e.getCause().getMessage().contains(text), e.toString());
    }

    private static void assertCancelled(TranslateException e) {
        assertTrue(e.getCause() instanceof EngineException, e.toString());
        assertTrue(e.getCause().getCause() instanceof PassCancelledException, e.toString());
    }

    @Test(dataProvider = "allModes")
    public void aTruncatedFileIsMalformed(String io) throws Exception {
        Map<String, String> options = options(io);
        cutFile();
        MalformedModelException e =
                expectThrows(MalformedModelException.class, () -> load(options));
        assertTrue(e.getMessage().contains(file().toString()), e.getMessage());
        Leaks.assertNone(directory());
        restoreFile();
        try (ZooModel<NDList, NDList> model = load(options);
                Predictor<NDList, NDList> predictor = model.newPredictor()) {
            assertEquals(predict(predictor, PROMPT), expected(PROMPT));
        }
    }

    @Test(dataProvider = "readModes", timeOut = 600_000)
    public void aFileThatIsCutDuringAPredictionEndsIt(String io) throws Exception {
        try (ZooModel<NDList, NDList> model = load(options(io));
                Predictor<NDList, NDList> predictor = model.newPredictor()) {
            assertEquals(predict(predictor, PROMPT), expected(PROMPT));
            Djl.streamed(model).setProgress((done, total) -> cutAfter(done));
            assertSays(
                    expectThrows(TranslateException.class, () -> predict(predictor, PROMPT)),
                    "was cut while it was in use");
            assertSays(
                    expectThrows(TranslateException.class, () -> predict(predictor, PROMPT)),
                    "reopen the model");
        }
        restoreFile();
        try (ZooModel<NDList, NDList> model = load(options(io));
                Predictor<NDList, NDList> predictor = model.newPredictor()) {
            assertEquals(predict(predictor, PROMPT), expected(PROMPT));
        }
    }

    private void cutAfter(int groups) {
        if (groups == 1) {
            try {
                cutFile();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @Test(dataProvider = "allModes", timeOut = 600_000)
    public void aFileThatChangedBetweenPredictionsIsRefused(String io) throws Exception {
        try (ZooModel<NDList, NDList> model = load(options(io));
                Predictor<NDList, NDList> predictor = model.newPredictor()) {
            predict(predictor, PROMPT);
            Files.setLastModifiedTime(file(), FileTime.fromMillis(TOUCHED_MILLIS));
            assertSays(
                    expectThrows(TranslateException.class, () -> predict(predictor, PROMPT)),
                    "has changed while it was in use");
        }
    }

    /** A prediction that stops in the middle of its pass until it is let go. */
    private final class Stopped {
        final CountDownLatch inside = new CountDownLatch(1);
        final CountDownLatch go = new CountDownLatch(1);
        final Ended prediction;

        Stopped(StreamedModel streamed, Predictor<NDList, NDList> predictor)
                throws InterruptedException {
            streamed.setProgress(this::advanced);
            prediction = Ended.start(threads(), () -> predict(predictor, PROMPT));
            inside.await();
            streamed.setProgress((done, total) -> {});
        }

        private void advanced(int done, int total) {
            inside.countDown();
            boolean interrupted = false;
            while (go.getCount() > 0) {
                try {
                    go.await();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Interrupts.restore();
            }
        }
    }

    @Test(dataProvider = "allModes", timeOut = 600_000)
    public void anInterruptEndsThePredictionAndIsKept(String io) throws Exception {
        try (ZooModel<NDList, NDList> model = load(options(io));
                Predictor<NDList, NDList> predictor = model.newPredictor()) {
            Stopped stopped = new Stopped(Djl.streamed(model), predictor);
            stopped.prediction.interrupt();
            stopped.go.countDown();
            assertCancelled(stopped.prediction.await().thrown(TranslateException.class));
            assertTrue(stopped.prediction.interrupted(), "the interrupt status is kept");
            assertEquals(predict(predictor, PROMPT), expected(PROMPT));
        }
    }

    @Test(dataProvider = "allModes", timeOut = 600_000)
    public void closingThePredictorEndsItsPrediction(String io) throws Exception {
        try (ZooModel<NDList, NDList> model = load(options(io))) {
            Predictor<NDList, NDList> predictor = model.newPredictor();
            StreamedModel streamed = Djl.streamed(model);
            Stopped stopped = new Stopped(streamed, predictor);
            Ended close = Ended.start(threads(), () -> close(predictor));
            close.awaitWaiting();
            stopped.go.countDown();
            close.await().result();
            assertCancelled(stopped.prediction.await().thrown(TranslateException.class));
            assertFalse(stopped.prediction.interrupted());
            try (Predictor<NDList, NDList> next = model.newPredictor()) {
                assertEquals(predict(next, PROMPT), expected(PROMPT));
            }
            TranslateException closed =
                    expectThrows(TranslateException.class, () -> predict(predictor, PROMPT));
            assertTrue(closed.getMessage().contains("is closed"), closed.getMessage());
        }
    }

    @Test(dataProvider = "allModes", timeOut = 600_000)
    public void closingTheModelEndsAPrediction(String io) throws Exception {
        ZooModel<NDList, NDList> model = load(options(io));
        StreamedModel streamed = Djl.streamed(model);
        Predictor<NDList, NDList> predictor = model.newPredictor();
        Stopped stopped = new Stopped(streamed, predictor);
        Ended close = Ended.start(threads(), () -> close(model));
        close.awaitWaiting();
        stopped.go.countDown();
        close.await().result();
        assertCancelled(stopped.prediction.await().thrown(TranslateException.class));
        Leaks.assertNone(streamed.budget());
        Leaks.assertNone(directory());
        predictor.close();
    }

    private static Object close(AutoCloseable resource) throws Exception {
        resource.close();
        return resource;
    }

    @Test(dataProvider = "allModes")
    public void aBudgetBelowTheLeastNamesTheLeast(String io) throws Exception {
        Map<String, String> options = Budgets.plenty(1, LENGTH, io);
        EngineException e =
                expectThrows(
                        EngineException.class,
                        () -> load(Budgets.with(options, "hostMemory", "1KB")));
        assertTrue(e.getMessage().contains("hostMemory"), e.getMessage());
        assertTrue(e.getMessage().matches("(?s).*[0-9]{5,}.*"), e.getMessage());
    }

    @Test(dataProvider = "readModes")
    public void whatIsTooLongOrDoesNotFitReadsNothing(String io) throws Exception {
        Map<String, String> options = Budgets.plenty(1, LENGTH, io);
        ModelPlan plan = Budgets.plan(directory(), options);
        long bytes = plan.leastBytes() + plan.logitsBytes(1, 2);
        try (ZooModel<NDList, NDList> model = load(Budgets.with(options, "hostMemory", bytes));
                Predictor<NDList, NDList> predictor = model.newPredictor()) {
            StreamedModel streamed = Djl.streamed(model);
            int[] tooLong = new int[LENGTH + 1];
            TranslateException e =
                    expectThrows(TranslateException.class, () -> predict(predictor, tooLong));
            assertTrue(e.getMessage().contains("maxSequenceLength=" + LENGTH), e.toString());
            int[] tooMuch = new int[LENGTH];
            e = expectThrows(TranslateException.class, () -> predict(predictor, tooMuch));
            assertSays(e, Long.toString(plan.logitsBytes(1, LENGTH)));
            assertEquals(streamed.stats().read().bytes(), 0);
            assertEquals(streamed.stats().passes(), 0);
            assertEquals(predict(predictor, 4, 2), expected(4, 2));
        }
    }

    @DataProvider
    Object[][] threadCounts() {
        return new Object[][] {{2}, {4}};
    }

    @Test(dataProvider = "threadCounts", timeOut = 600_000)
    public void predictorsOfSeveralThreadsGiveTheNumbersOfOne(int count) throws Exception {
        Map<String, String> options = Budgets.streaming(directory(), count, LENGTH, "direct");
        try (ZooModel<NDList, NDList> model = load(options)) {
            List<Ended> together = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                int number = i;
                together.add(Ended.start(threads(), () -> predictions(model, number)));
            }
            for (int i = 0; i < count; i++) {
                List<?> logits = (List<?>) together.get(i).await().result();
                for (int length = 1; length <= logits.size(); length++) {
                    assertEquals((float[]) logits.get(length - 1), expected(prompt(i, length)));
                }
            }
        }
    }

    private static List<float[]> predictions(ZooModel<NDList, NDList> model, int number)
            throws TranslateException {
        List<float[]> logits = new ArrayList<>();
        try (Predictor<NDList, NDList> predictor = model.newPredictor()) {
            for (int length = 1; length <= 12; length++) {
                logits.add(predict(predictor, prompt(number, length)));
            }
        }
        return logits;
    }

    private static int[] prompt(int number, int length) {
        return IntStream.range(0, length).map(i -> (i * 31 + number * 7) % 320).toArray();
    }

    @Test
    public void aDirectoryThatIsGoneIsNotFound() {
        expectThrows(
                ModelNotFoundException.class,
                () -> Djl.loadLogits(directory().resolve("absent"), Djl.ENGINE, options("direct")));
    }
}
