/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import static org.testng.Assert.assertTrue;

import io.offloadstream.model.ModelOptions;
import io.offloadstream.model.Session;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.model.TokenBatch;
import io.offloadstream.platform.Storage;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.testng.annotations.AfterClass;
import org.testng.annotations.AfterMethod;
import org.testng.annotations.BeforeClass;
import org.testng.annotations.BeforeMethod;
import org.testng.annotations.DataProvider;

/**
 * A tiny model that streams, to go wrong in each test; whatever happens there, nothing of it may be
 * left afterwards.
 */
abstract class FaultFixture {

    static final long SEED = 20260;
    static final int LENGTH = 48;
    static final int[] PROMPT = {5, 17, 200, 3, 64, 118, 9, 40, 77, 301, 12, 33};

    private ScratchDirectory whole;
    private ScratchDirectory copy;
    private final List<StreamedModel> opened = new ArrayList<>();
    private ExecutorService threads;

    @BeforeClass
    public void makeModel() {
        whole = new ScratchDirectory("fault-whole");
        SyntheticLlama.TINY.write(whole.path(), SEED);
    }

    @AfterClass(alwaysRun = true)
    public void deleteModel() {
        whole.close();
    }

    @BeforeMethod
    public void copyModel() throws IOException {
        copy = new ScratchDirectory("fault");
        restoreFile();
        Files.copy(whole.path().resolve("config.json"), directory().resolve("config.json"));
        threads = Executors.newCachedThreadPool(work -> new Thread(work, "test"));
    }

    /** Closes what the test opened, if it has not, and looks for what is left. */
    @AfterMethod(alwaysRun = true)
    public void findLeaks() throws InterruptedException {
        if (copy == null) {
            return; // skipped before it began
        }
        try {
            threads.shutdownNow();
            assertTrue(threads.awaitTermination(1, TimeUnit.MINUTES), "the test's threads end");
            for (StreamedModel model : opened) {
                model.close();
                Leaks.assertNone(model.budget());
            }
            Leaks.assertNone(directory());
        } finally {
            opened.clear();
            copy.close();
        }
    }

    @DataProvider
    Object[][] readModes() {
        return new Object[][] {{"direct"}, {"buffered"}};
    }

    @DataProvider
    Object[][] allModes() {
        return new Object[][] {{"direct"}, {"buffered"}, {"mmap"}};
    }

    Path directory() {
        return copy.path();
    }

    Path file() {
        return directory().resolve(SyntheticLlama.FILE);
    }

    ExecutorService threads() {
        return threads;
    }

    /** Puts the undamaged weights in place, as a new file. */
    void restoreFile() throws IOException {
        Path fresh = directory().resolve("fresh");
        Files.copy(whole.path().resolve(SyntheticLlama.FILE), fresh);
        Files.move(fresh, file(), StandardCopyOption.REPLACE_EXISTING);
    }

    /** Cuts the weights after the headers and a part of the first tensor. */
    void cutFile() throws IOException {
        try (FileChannel channel = FileChannel.open(file(), StandardOpenOption.WRITE)) {
            channel.truncate(channel.size() / 8);
        }
    }

    /** A budget that streams most blocks; a mapped file is charged whole. */
    Map<String, String> options(String io) {
        return options(io, 1);
    }

    Map<String, String> options(String io, int batch) {
        return io.equals("mmap")
                ? Budgets.plenty(batch, LENGTH, io)
                : Budgets.streaming(directory(), batch, LENGTH, io);
    }

    /** Opens the model; it is closed after the test. */
    StreamedModel open(String io, Storage storage) {
        return open(options(io), storage);
    }

    StreamedModel open(Map<String, String> options, Storage storage) {
        return watch(StreamedModel.open(directory(), ModelOptions.parse(options), storage));
    }

    /** Has a model closed and checked after the test. */
    StreamedModel watch(StreamedModel model) {
        opened.add(model);
        return model;
    }

    /** Logits of the prompt's tokens in a session of its own. */
    static float[] answer(StreamedModel model) {
        return answer(model, PROMPT);
    }

    static float[] answer(StreamedModel model, int... tokens) {
        try (Session session = model.newSession(1)) {
            return advance(model, session, tokens);
        }
    }

    static float[] advance(StreamedModel model, Session session, int... tokens) {
        TokenBatch input = new TokenBatch(tokens.length, tokens, null, null);
        return Runs.all(model, session, input).logits();
    }

    /** The right answer, from the undamaged weights with memory for all of them. */
    float[] expected(int... tokens) {
        ModelOptions options = ModelOptions.parse(Budgets.plenty(1, LENGTH, "buffered"));
        try (StreamedModel model = StreamedModel.open(whole.path(), options)) {
            return answer(model, tokens);
        }
    }
}
