/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.zoo;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertThrows;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import ai.djl.inference.Predictor;
import ai.djl.metric.Metrics;
import ai.djl.ndarray.NDList;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.TranslateException;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.stream.PassCancelledException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.testng.annotations.AfterMethod;
import org.testng.annotations.BeforeMethod;
import org.testng.annotations.Test;

/** No text here ends by itself within the test: generation goes on for 100,000 tokens. */
public class PredictorLifetimeTest {

    private static final int ENDLESS = 100_000;

    private TinyModel tiny;
    private ZooModel<String, String> model;
    private StreamedModel streamed;
    private Predictor<String, String> predictor;
    private ExecutorService threads;
    private long usedBytes;

    @BeforeMethod
    public void open() throws Exception {
        tiny = new TinyModel();
        tiny.write("generation_config.json", "{\"eos_token_id\": []}");
        model = load(ENDLESS);
        streamed = TinyModel.engineModel(model).streamedModel();
        predictor = model.newPredictor();
        usedBytes = streamed.budget().usedBytes();
        threads = Executors.newCachedThreadPool(work -> new Thread(work, "test"));
    }

    private ZooModel<String, String> load(int tokens) throws Exception {
        return tiny.criteria(String.class, String.class)
                .optTranslatorFactory(new OfsTranslatorFactory())
                .optArgument("max_new_tokens", tokens)
                .build()
                .loadModel();
    }

    @AfterMethod(alwaysRun = true)
    public void close() throws Exception {
        threads.shutdownNow();
        assertTrue(threads.awaitTermination(1, TimeUnit.MINUTES));
        predictor.close();
        model.close();
        assertEquals(streamed.budget().usedBytes(), 0, streamed.budget().usedByPurpose() + "");
        tiny.close();
    }

    /** Starts an endless prediction and returns when its first pass runs. */
    private Future<String> startPrediction() throws Exception {
        CountDownLatch running = new CountDownLatch(1);
        streamed.setProgress((done, total) -> running.countDown());
        Future<String> prediction = threads.submit(() -> predictor.predict("w5 w6"));
        assertTrue(running.await(1, TimeUnit.MINUTES));
        return prediction;
    }

    private static void assertCancelled(Throwable e) {
        assertTrue(e instanceof TranslateException, e.toString());
        assertTrue(e.getCause() instanceof EngineException, e.toString());
        assertTrue(e.getCause().getCause() instanceof PassCancelledException, e.toString());
    }

    @Test
    public void closeEndsARunningPredictionAndGivesItsMemoryBack() throws Exception {
        Future<String> prediction = startPrediction();
        predictor.close();
        assertEquals(streamed.budget().usedBytes(), usedBytes);
        ExecutionException e =
                expectThrows(ExecutionException.class, () -> prediction.get(1, TimeUnit.MINUTES));
        assertCancelled(e.getCause());
        TranslateException closed =
                expectThrows(TranslateException.class, () -> predictor.predict("w5"));
        assertTrue(closed.getMessage().contains("is closed"), closed.getMessage());
        assertThrows(TranslateException.class, () -> predictor.streamingPredict("w5"));
    }

    @Test
    public void closeEndsAPassInItsMiddle() throws Exception {
        try (ZooModel<NDList, NDList> own =
                tiny.criteria(NDList.class, NDList.class).build().loadModel()) {
            Predictor<NDList, NDList> logits = own.newPredictor();
            NDList ids = new NDList(own.getNDManager().create(new long[][] {{1, 2}}));
            Thread closer = new Thread(logits::close, "closer");
            AtomicInteger computed = new AtomicInteger();
            TinyModel.engineModel(own)
                    .streamedModel()
                    .setProgress(
                            (done, total) -> {
                                computed.set(done);
                                if (done == 1) {
                                    closer.start();
                                    // it waits for the pass once it has cancelled it
                                    while (closer.getState() != Thread.State.TIMED_WAITING) {
                                        Thread.onSpinWait();
                                    }
                                }
                            });
            assertCancelled(expectThrows(TranslateException.class, () -> logits.predict(ids)));
            assertEquals(computed.get(), 1);
            closer.join(TimeUnit.MINUTES.toMillis(1));
            assertFalse(closer.isAlive());
        }
    }

    @Test
    public void closingTheModelEndsARunningPrediction() throws Exception {
        Future<String> prediction = startPrediction();
        model.close();
        assertEquals(streamed.budget().usedBytes(), 0);
        ExecutionException e =
                expectThrows(ExecutionException.class, () -> prediction.get(1, TimeUnit.MINUTES));
        assertCancelled(e.getCause());
    }

    @Test
    public void interruptingEndsAPredictionAndTheNextOneWorks() throws Exception {
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        AtomicReference<Boolean> status = new AtomicReference<>();
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch ended = new CountDownLatch(1);
        streamed.setProgress((done, total) -> running.countDown());
        Future<?> prediction =
                threads.submit(
                        () -> {
                            try {
                                predictor.predict("w5 w6");
                            } catch (TranslateException e) {
                                thrown.set(e);
                                status.set(Thread.currentThread().isInterrupted());
                            }
                            ended.countDown();
                        });
        assertTrue(running.await(1, TimeUnit.MINUTES));
        prediction.cancel(true);
        assertTrue(ended.await(1, TimeUnit.MINUTES));
        assertCancelled(thrown.get());
        assertTrue(status.get(), "the interrupt status is kept");
        assertTrue(((TextStream) predictor.streamingPredict("w5")).hasNext());
    }

    @Test
    public void anAbandonedStreamIsReleasedByTheNextCall() throws Exception {
        TextStream abandoned = (TextStream) predictor.streamingPredict("w5 w6");
        assertTrue(abandoned.hasNext());
        long one = streamed.budget().usedBytes();
        assertTrue(one > usedBytes);
        TextStream next = (TextStream) predictor.streamingPredict("w5 w6");
        assertTrue(next.hasNext());
        assertEquals(streamed.budget().usedBytes(), one);
        abandoned.next();
        assertFalse(abandoned.hasNext());
        next.close();
        next.close();
        assertEquals(streamed.budget().usedBytes(), usedBytes);
    }

    @Test
    public void anAbandonedStreamIsReleasedByClose() throws Exception {
        TextStream abandoned = (TextStream) predictor.streamingPredict("w5 w6");
        assertTrue(abandoned.hasNext());
        predictor.close();
        assertEquals(streamed.budget().usedBytes(), usedBytes);
        abandoned.next();
        assertFalse(abandoned.hasNext());
    }

    @Test
    public void aStreamReadToItsEndHoldsNothing() throws Exception {
        try (ZooModel<String, String> own = load(3)) {
            StreamedModel ownStreamed = TinyModel.engineModel(own).streamedModel();
            Predictor<String, String> ownPredictor = own.newPredictor();
            long before = ownStreamed.budget().usedBytes();
            String text = ownPredictor.streamingPredict("w5").getIterativeOutput();
            assertEquals(text.split(" ", -1).length, 3);
            assertEquals(ownStreamed.budget().usedBytes(), before);
        }
    }

    @Test
    public void predictorsInTwoThreadsGiveTheirOwnAnswers() throws Exception {
        try (ZooModel<String, String> own = load(20)) {
            List<String> alone = new ArrayList<>();
            List<Future<List<String>>> together = new ArrayList<>();
            try (Predictor<String, String> first = own.newPredictor()) {
                for (String prompt : List.of("w5 w6", "w7", "w8 w9 w10")) {
                    alone.add(first.predict(prompt));
                }
            }
            for (int thread = 0; thread < 2; thread++) {
                together.add(
                        threads.submit(
                                () -> {
                                    List<String> texts = new ArrayList<>();
                                    try (Predictor<String, String> mine = own.newPredictor()) {
                                        for (String prompt : List.of("w5 w6", "w7", "w8 w9 w10")) {
                                            texts.add(mine.predict(prompt));
                                        }
                                    }
                                    return texts;
                                }));
            }
            for (Future<List<String>> texts : together) {
                assertEquals(texts.get(1, TimeUnit.MINUTES), alone);
            }
        }
    }

    @Test
    public void aFailedPassLeavesThePredictorUsable() throws Exception {
        streamed.setProgress(
                (done, total) -> {
                    throw new IllegalStateException("planted");
                });
        TranslateException e =
                expectThrows(TranslateException.class, () -> predictor.predict("w5"));
        assertTrue(e.getMessage().contains("planted"), e.getMessage());
        assertEquals(streamed.budget().usedBytes(), usedBytes);
        streamed.setProgress((done, total) -> {});
        assertTrue(((TextStream) predictor.streamingPredict("w5")).hasNext());
    }

    @Test
    public void anotherDeviceIsRefused() {
        IllegalArgumentException e =
                expectThrows(
                        IllegalArgumentException.class, () -> model.newPredictor(Device.gpu(99)));
        assertTrue(e.getMessage().contains("gpu"), e.getMessage());
        assertThrows(IllegalArgumentException.class, () -> model.newPredictor(Device.of("tpu", 0)));
    }

    @Test
    public void metricsHaveWhatTheStreamDid() throws Exception {
        try (ZooModel<NDList, NDList> own =
                        tiny.criteria(NDList.class, NDList.class).build().loadModel();
                Predictor<NDList, NDList> logits = own.newPredictor()) {
            Metrics metrics = new Metrics();
            logits.setMetrics(metrics);
            for (int i = 1; i <= 2; i++) {
                NDList ids = new NDList(own.getNDManager().create(new long[][] {{1, 2}}));
                logits.predict(ids);
                for (String name : List.of("OfsReadBytes", "OfsReadBusyMillis", "OfsWaitMillis")) {
                    assertEquals(metrics.getMetric(name).size(), i, name);
                    assertTrue(metrics.latestMetric(name).getValue().doubleValue() >= 0, name);
                }
            }
        }
    }
}
