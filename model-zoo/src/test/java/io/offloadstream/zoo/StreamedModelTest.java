/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.zoo;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertThrows;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.model.ModelOptions;
import io.offloadstream.model.ModelPlan;
import io.offloadstream.model.PassOutput;
import io.offloadstream.model.Session;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.model.TokenBatch;
import io.offloadstream.platform.BudgetExceededException;
import io.offloadstream.platform.Storage;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import org.testng.annotations.Test;

/** A model and its sessions without DJL. */
public class StreamedModelTest {

    private TinyModel tiny;

    @BeforeClass
    public void create() {
        tiny = new TinyModel();
    }

    @AfterClass(alwaysRun = true)
    public void delete() {
        tiny.close();
    }

    private static ModelOptions options(String... namesAndValues) {
        Map<String, String> options = new HashMap<>();
        options.put("backend", "cpu");
        options.put("hostMemory", "64MB");
        options.put("maxSequenceLength", "200");
        for (int i = 0; i < namesAndValues.length; i += 2) {
            options.put(namesAndValues[i], namesAndValues[i + 1]);
        }
        return ModelOptions.parse(options);
    }

    @Test
    public void theLeastMemoryIsThatOfTheIoThatWasAskedFor() {
        for (String io : new String[] {"auto", "mmap", "direct", "buffered"}) {
            ModelPlan plan = ModelPlan.of(tiny.directory(), options("io", io), Storage.local());
            long least = plan.leastBytes();
            ModelOptions exact = options("io", io, "hostMemory", Long.toString(least));
            StreamedModel.open(tiny.directory(), exact).close();
            ModelOptions less = options("io", io, "hostMemory", Long.toString(least - 1));
            BudgetExceededException e =
                    expectThrows(
                            io,
                            BudgetExceededException.class,
                            () -> StreamedModel.open(tiny.directory(), less).close());
            assertEquals(e.requestedBytes(), least, io);
        }
    }

    @Test(timeOut = 600_000)
    public void aModelIsClosedAfterTheSessionThatAnotherThreadCloses() throws Exception {
        StreamedModel model = StreamedModel.open(tiny.directory(), options("io", "direct"));
        Session session = model.newSession(1);
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        model.setProgress(
                (done, total) -> {
                    running.countDown();
                    await(go);
                });
        TokenBatch input = new TokenBatch(2, new int[] {1, 2}, null, null);
        Thread pass = started(() -> session.forward(input, new PassOutput(null, null, null)));
        running.await();
        Thread closer = started(session::close);
        awaitState(closer, Thread.State.WAITING);
        Thread modelCloser = started(model::close);
        awaitState(modelCloser, Thread.State.WAITING);
        synchronized (session) {
            go.countDown();
            // its turn is over then, but the session's memory is in use still
            awaitState(pass, Thread.State.BLOCKED);
            long end = System.nanoTime() + 200_000_000;
            while (modelCloser.isAlive() && System.nanoTime() - end < 0) {
                Thread.onSpinWait();
            }
            assertTrue(modelCloser.isAlive(), "closed while a session was in use");
        }
        pass.join();
        closer.join();
        modelCloser.join();
        assertEquals(model.budget().usedBytes(), 0, model.budget().usedByPurpose() + "");
    }

    @Test
    public void aPassThatFailedKeepsNoPages() {
        Map<String, String> unreserved =
                Map.of("backend", "cpu", "hostMemory", "64MB", "io", "direct", "maxBatch", "2");
        try (StreamedModel model =
                        StreamedModel.open(tiny.directory(), ModelOptions.parse(unreserved));
                Session session = model.newSession(2)) {
            PassOutput none = new PassOutput(null, null, null);
            session.forward(new TokenBatch(3, new int[] {1, 2, 3, 4, 5, 6}, null, null), none);
            String before = model.budget().usedByPurpose().toString();
            model.setProgress(
                    (done, total) -> {
                        throw new IllegalStateException("enough");
                    });
            TokenBatch longer = new TokenBatch(70, new int[2 * 70], null, null);
            assertThrows(IllegalStateException.class, () -> session.forward(longer, none));
            assertEquals(session.length(), 3);
            assertEquals(model.budget().usedByPurpose().toString(), before);
            model.setProgress((done, total) -> {});
            session.forward(longer, none);
            assertEquals(session.length(), 73);
        }
    }

    @Test(timeOut = 600_000)
    public void whatIsToldTheProgressCannotCloseWhatItWaitsFor() {
        try (StreamedModel model = StreamedModel.open(tiny.directory(), options("io", "direct"))) {
            Session session = model.newSession(1);
            TokenBatch input = new TokenBatch(2, new int[] {1, 2}, null, null);
            PassOutput none = new PassOutput(null, null, null);
            for (Runnable close : List.<Runnable>of(session::close, model::close)) {
                model.setProgress((done, total) -> close.run());
                IllegalStateException e =
                        expectThrows(
                                IllegalStateException.class, () -> session.forward(input, none));
                assertTrue(e.getMessage().contains("cancel"), e.getMessage());
            }
            model.setProgress((done, total) -> {});
            session.forward(input, none);
            assertEquals(session.length(), 2);
        }
    }

    private static Thread started(Runnable work) {
        Thread thread = new Thread(work);
        thread.setUncaughtExceptionHandler((self, e) -> {});
        thread.start();
        return thread;
    }

    private static void awaitState(Thread thread, Thread.State state) {
        // looked at once only: a thread that waited for a lock for a moment goes on
        while (thread.getState() != state) {
            assertTrue(thread.isAlive(), "ended without being " + state);
            Thread.onSpinWait();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
