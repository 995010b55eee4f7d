/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import io.offloadstream.model.Conversion;
import io.offloadstream.model.ConversionOptions;
import io.offloadstream.model.ModelOptions;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.model.TokenBatch;
import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.quant.Packing;
import io.offloadstream.quant.Quantization;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.SplittableRandom;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** Blocks that are large enough to stream in parts compute the same bits, and stream less. */
public class PartsTest {

    /** Blocks of 122 MB in four parts, three of them the matrices of the MLP; 374 MB in all. */
    private static final SyntheticLlama LARGE = new SyntheticLlama(3, 16, 4, 128, 8192, 1111);

    private static final long SEED = 17;
    private static final int PROMPT = 11;
    private static final int STEPS = 3;

    private final ScratchDirectory original = new ScratchDirectory("parts");
    private final ScratchDirectory copies = new ScratchDirectory("parts-lossless");
    private Path lossless;

    @BeforeClass
    public void makeCheckpoints() throws IOException {
        LARGE.write(original.path(), SEED);
        lossless = copies.path().resolve("copy");
        Conversion.run(
                original.path(),
                lossless,
                new ConversionOptions(null, Quantization.NONE, Packing.LOSSLESS, 2),
                (done, total) -> {});
    }

    @AfterClass(alwaysRun = true)
    public void deleteCheckpoints() {
        copies.close();
        original.close();
    }

    @DataProvider
    public Object[][] checkpoints() {
        return new Object[][] {{"original"}, {"lossless"}};
    }

    private Path directory(String checkpoint) {
        return checkpoint.equals("original") ? original.path() : lossless;
    }

    private static float[][] logits(Path directory, Map<String, String> options) {
        float[][] logits = new float[1 + STEPS][];
        try (StreamedModel model = StreamedModel.open(directory, ModelOptions.parse(options));
                var session = model.newSession(1)) {
            SplittableRandom random = new SplittableRandom(SEED);
            int[] next = random.ints(PROMPT, 0, 1111).toArray();
            for (int i = 0; i <= STEPS; i++) {
                TokenBatch input = new TokenBatch(next.length, next, null, null);
                logits[i] = Runs.all(model, session, input).logits();
                next = random.ints(1, 0, 1111).toArray();
            }
            assertTrue(model.budget().peakBytes() <= model.plan().hostMemoryBytes());
        }
        return logits;
    }

    private static ResidencyPlan plan(Path directory, Map<String, String> options, long bytes) {
        return Budgets.plan(directory, Budgets.with(options, "hostMemory", bytes)).residency();
    }

    @Test(dataProvider = "checkpoints")
    public void theSameBitsUnderEveryBudget(String checkpoint) {
        Path directory = directory(checkpoint);
        Map<String, String> options = Budgets.plenty(1, PROMPT + STEPS, "direct");
        float[][] expected = logits(directory, Budgets.with(options, "scheduler", "lookahead"));
        var plan = Budgets.plan(directory, options);
        long least = plan.leastBytes() + plan.logitsBytes(1, PROMPT);
        long half = least + Budgets.streamedBytes(plan) / 2;
        for (long bytes : new long[] {least, half, Budgets.PLENTY_BYTES}) {
            float[][] actual = logits(directory, Budgets.with(options, "hostMemory", bytes));
            for (int i = 0; i < expected.length; i++) {
                String run = checkpoint + " with " + bytes + ", pass " + i + ", seed " + SEED;
                assertEquals(actual[i], expected[i], run);
            }
        }
    }

    /** One budget, once in parts and once, under a scheduler that counts groups, whole. */
    @Test(dataProvider = "checkpoints")
    public void partsLeaveLessToStreamThanWholeBlocks(String checkpoint) {
        Path directory = directory(checkpoint);
        Map<String, String> options = Budgets.plenty(1, PROMPT + STEPS, "direct");
        Map<String, String> lookahead = Budgets.with(options, "scheduler", "lookahead");
        ResidencyPlan blocks = plan(directory, lookahead, Budgets.PLENTY_BYTES);
        long budget = (blocks.leastBytes() + blocks.chargedBytes()) / 2;
        blocks = plan(directory, lookahead, budget);
        ResidencyPlan parts = plan(directory, options, budget);
        assertEquals(blocks.wholes().mostParts(), 1);
        assertEquals(parts.wholes().mostParts(), 4);
        assertTrue(parts.leastBytes() < blocks.leastBytes(), parts + ", " + blocks);
        long less = blocks.streamedBytesPerPass() - parts.streamedBytesPerPass();
        assertTrue(less >= parts.slotBytes(), parts + ", " + blocks);
        assertTrue(parts.chargedBytes() <= budget);
    }
}
