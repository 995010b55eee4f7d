/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import io.offloadstream.model.ModelOptions;
import io.offloadstream.model.Session;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.model.TokenBatch;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** The same bits whatever the options, however a prompt is cut, and whoever shares the batch. */
public class InvarianceTest {

    private static final int TOKENS = 45;
    private static final int DECODED = 3;
    private static final int SEED = 99;

    private ScratchDirectory scratch;

    @BeforeClass
    public void open() {
        scratch = new ScratchDirectory("invariance");
    }

    @AfterClass(alwaysRun = true)
    public void close() {
        scratch.close();
    }

    @DataProvider
    Object[][] models() {
        return TestModels.all();
    }

    private static Map<String, String> base(Path directory) {
        return Budgets.streaming(directory, 4, TOKENS + DECODED, "direct");
    }

    private static StreamedModel open(Path directory, Map<String, String> options) {
        return StreamedModel.open(directory, ModelOptions.parse(options));
    }

    private static int[] ids(int count, StreamedModel model) {
        return new Random(SEED).ints(count, 0, model.decoder().vocabSize()).toArray();
    }

    @Test(dataProvider = "models")
    public void noOptionChangesABit(String name) {
        Path directory = TestModels.directory(name, scratch);
        Map<String, String> base = base(directory);
        List<float[]> expected;
        try (StreamedModel model = open(directory, base)) {
            expected = conversation(model);
        }
        for (Map.Entry<String, Map<String, String>> change : changes(directory).entrySet()) {
            try (StreamedModel model = open(directory, change.getValue())) {
                List<float[]> actual = conversation(model);
                for (int pass = 0; pass < expected.size(); pass++) {
                    assertEquals(
                            actual.get(pass),
                            expected.get(pass),
                            name + ", " + change.getKey() + ", pass " + pass);
                }
            }
        }
    }

    /** What is changed, and all options with it; budgets as small as the change allows. */
    private static Map<String, Map<String, String>> changes(Path directory) {
        Map<String, String> base = base(directory);
        Map<String, Map<String, String>> changes = new LinkedHashMap<>();
        for (String prefetch : new String[] {"0", "1", "3"}) {
            for (String scheduler : new String[] {"cost-aware", "lookahead", "block"}) {
                Map<String, String> options = Budgets.with(base, "prefetchLayers", prefetch);
                options.put("scheduler", scheduler);
                changes.put(scheduler + " " + prefetch, roomy(directory, options));
            }
        }
        for (String slots : new String[] {"1", "5"}) {
            changes.put("hostSlots " + slots, change(directory, "hostSlots", slots));
        }
        for (String threads : new String[] {"1", "2", "3"}) {
            changes.put("threads " + threads, change(directory, "threads", threads));
        }
        for (String readers : new String[] {"1", "3"}) {
            changes.put("readThreads " + readers, change(directory, "readThreads", readers));
        }
        for (String io : new String[] {"buffered", "mmap", "auto"}) {
            Map<String, String> options = Budgets.with(base, "io", io);
            options.put("hostMemory", Long.toString(Budgets.PLENTY_BYTES));
            changes.put("io " + io, options);
        }
        changes.put("hostMemory", Budgets.with(base, "hostMemory", Budgets.PLENTY_BYTES));
        return changes;
    }

    private static Map<String, String> change(Path directory, String name, String value) {
        return roomy(directory, Budgets.with(base(directory), name, value));
    }

    /** The least budget for these options and logits, and a little for residents. */
    private static Map<String, String> roomy(Path directory, Map<String, String> options) {
        Map<String, String> plenty = Budgets.with(options, "hostMemory", Budgets.PLENTY_BYTES);
        var plan = Budgets.plan(directory, plenty);
        long bytes =
                plan.leastBytes() + plan.logitsBytes(4, TOKENS) + Budgets.streamedBytes(plan) / 5;
        return Budgets.with(options, "hostMemory", bytes);
    }

    /** Logits of a prompt, and of tokens one by one, for a batch of two with a masked start. */
    private static List<float[]> conversation(StreamedModel model) {
        int[] ids = ids(2 * (TOKENS + DECODED), model);
        List<float[]> logits = new ArrayList<>();
        byte[][] masks = {Masks.ones(TOKENS + DECODED), Masks.left(TOKENS + DECODED, 7)};
        try (Session session = model.newSession(2)) {
            int[] prompt = Arrays.copyOf(ids, 2 * TOKENS);
            logits.add(run(model, session, prompt, masks));
            for (int i = 0; i < DECODED; i++) {
                int from = 2 * (TOKENS + i);
                logits.add(run(model, session, Arrays.copyOfRange(ids, from, from + 2), masks));
            }
        }
        return logits;
    }

    private static float[] run(StreamedModel model, Session session, int[] ids, byte[][] masks) {
        int tokens = ids.length / masks.length;
        int length = session.length() + tokens;
        byte[][] seen = {Arrays.copyOf(masks[0], length), Arrays.copyOf(masks[1], length)};
        TokenBatch input = new TokenBatch(tokens, ids, Masks.concat(seen), null);
        return Runs.all(model, session, input).logits();
    }

    @Test(dataProvider = "models")
    public void aPromptInPiecesIsThePromptAtOnce(String name) {
        Path directory = TestModels.directory(name, scratch);
        int[][] cuts = {{TOKENS - 1, 1}, {20, 1, 1, 1, 9, 13}, {1, 44}, onesOf(TOKENS)};
        try (StreamedModel model = open(directory, base(directory))) {
            int[] ids = ids(TOKENS, model);
            float[] whole = FaultFixture.answer(model, ids);
            for (int[] cut : cuts) {
                float[] pieces = new float[whole.length];
                int vocab = model.decoder().vocabSize();
                try (Session session = model.newSession(1)) {
                    for (int length : cut) {
                        int from = session.length();
                        int[] piece = Arrays.copyOfRange(ids, from, from + length);
                        float[] logits = FaultFixture.advance(model, session, piece);
                        System.arraycopy(logits, 0, pieces, from * vocab, logits.length);
                    }
                }
                assertEquals(pieces, whole, name + " cut " + Arrays.toString(cut));
            }
        }
    }

    private static int[] onesOf(int count) {
        int[] ones = new int[count];
        Arrays.fill(ones, 1);
        return ones;
    }

    @Test(dataProvider = "models")
    public void aRowOfABatchIsTheRowAlone(String name) {
        Path directory = TestModels.directory(name, scratch);
        try (StreamedModel model = open(directory, base(directory))) {
            int[] ids = ids(3 * TOKENS, model);
            float[] batch;
            try (Session session = model.newSession(3)) {
                batch = Runs.all(model, session, new TokenBatch(TOKENS, ids, null, null)).logits();
            }
            int width = batch.length / 3;
            for (int row = 0; row < 3; row++) {
                int[] own = Arrays.copyOfRange(ids, row * TOKENS, (row + 1) * TOKENS);
                float[] alone = FaultFixture.answer(model, own);
                assertEquals(
                        Arrays.copyOfRange(batch, row * width, (row + 1) * width),
                        alone,
                        name + " row " + row);
            }
        }
    }

    @DataProvider
    Object[][] cacheTypes() {
        List<Object[]> rows = new ArrayList<>();
        for (Object[] model : TestModels.all()) {
            // relative L2: two units in the last of 11 and of 8 bits; 1e-3 and 9e-3 were seen
            rows.add(new Object[] {model[0], "float16", 2e-3});
            rows.add(new Object[] {model[0], "bfloat16", 1.5e-2});
        }
        return rows.toArray(Object[][]::new);
    }

    @Test(dataProvider = "cacheTypes")
    public void aCacheOfHalfTheBitsStaysNear(String name, String type, double limit) {
        Path directory = TestModels.directory(name, scratch);
        Map<String, String> base = base(directory);
        List<float[]> exact;
        List<float[]> rounded;
        try (StreamedModel model = open(directory, base)) {
            exact = conversation(model);
        }
        try (StreamedModel model = open(directory, Budgets.with(base, "kvCacheType", type))) {
            rounded = conversation(model);
        }
        for (int pass = 0; pass < exact.size(); pass++) {
            double relative = Closeness.relative(rounded.get(pass), exact.get(pass));
            assertTrue(
                    relative > 0 && relative <= limit,
                    name + " " + type + " pass " + pass + ": relative L2 " + relative);
        }
    }
}
