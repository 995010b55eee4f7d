/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertNotEquals;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.model.ConversionOptions;
import io.offloadstream.model.ModelPlan;
import io.offloadstream.model.Session;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.model.TokenBatch;
import io.offloadstream.platform.BudgetExceededException;
import io.offloadstream.quant.Packing;
import io.offloadstream.quant.Quantization;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.testng.Reporter;

/**
 * What holds for activations of every type that the CPU rounds them to.
 *
 * <p>Subclasses name the type, and bring models whose weights take it.
 */
abstract class ActivationsFixture {

    static final String OPTION = "computeType";

    /** Tokens of the first pass, before others follow one by one. */
    static final int PROMPT = 3;

    private final String type;

    ActivationsFixture(String type) {
        this.type = type;
    }

    static Map<String, String> plenty(int batch, int length) {
        return Budgets.plenty(batch, length, "auto");
    }

    /** The same options with activations of the type. */
    Map<String, String> rounded(Map<String, String> float32) {
        return Budgets.with(float32, OPTION, type);
    }

    static Path convert(
            Path directory, ScratchDirectory scratch, Quantization quantization, Packing packing) {
        Path copy = scratch.path().resolve("copy");
        ConversionOptions options = new ConversionOptions(null, quantization, packing, 2);
        ConversionFixture.run(directory, copy, options, ConversionFixture.SILENT);
        return copy;
    }

    static float[] logits(Path directory, Goldens.Case c, Map<String, String> options) {
        try (StreamedModel model = TestDevices.open(directory, options)) {
            return Runs.all(model, c).logits();
        }
    }

    /** All logits: a prompt of some tokens, then one token after the other. */
    static float[] steps(Path directory, Map<String, String> options, int[] ids, int prompt) {
        try (StreamedModel model = TestDevices.open(directory, options);
                Session session = model.newSession(1)) {
            int vocab = model.decoder().vocabSize();
            float[] logits = new float[ids.length * vocab];
            for (int begin = 0, count = prompt; begin < ids.length; begin += count, count = 1) {
                int[] some = Arrays.copyOfRange(ids, begin, begin + count);
                TokenBatch batch = new TokenBatch(count, some, null, null);
                float[] next = Runs.all(model, session, batch).logits();
                System.arraycopy(next, 0, logits, begin * vocab, next.length);
            }
            return logits;
        }
    }

    /** What a case reads and makes, in one. */
    static int[] tokens(Goldens.Case c) {
        return IntStream.concat(Arrays.stream(c.inputIds()), Arrays.stream(c.greedyNewTokens()))
                .toArray();
    }

    /** Reports the error of logits, and bounds it. */
    void requireSmallError(
            String what,
            int tokens,
            float[] exact,
            float[] rounded,
            double relativeLimit,
            double divergenceLimit) {
        double relative = Closeness.relative(rounded, exact);
        double divergence = Closeness.divergence(exact, rounded, tokens);
        Reporter.log(
                String.format(
                        Locale.ROOT,
                        "%s, %s activations: relative logit error %.5f, KL divergence %.7f",
                        what,
                        type,
                        relative,
                        divergence),
                true);
        assertTrue(relative > 0 && relative < relativeLimit, "relative error " + relative);
        assertTrue(divergence < divergenceLimit, "KL divergence " + divergence);
    }

    /**
     * Returns the logits of a case, which threads, tokens one by one and streaming do not change.
     */
    float[] requireSameBits(Path directory, Goldens.Case c) {
        Map<String, String> float32 = plenty(c.batch(), c.tokens());
        Map<String, String> options = rounded(float32);
        float[] resident = logits(directory, c, options);
        assertNotEquals(resident, logits(directory, c, float32), "float32");
        for (int threads : new int[] {1, 3}) {
            Map<String, String> some = Budgets.with(options, "threads", threads);
            assertEquals(logits(directory, c, some), resident, threads + " threads");
        }
        assertEquals(steps(directory, options, c.inputIds(), PROMPT), resident, "by tokens");
        Map<String, String> direct = Budgets.with(options, "io", "direct");
        ModelPlan plan = Budgets.plan(directory, direct);
        long most = plan.leastBytes() + plan.logitsBytes(1, PROMPT);
        Map<String, String> little = Budgets.with(direct, "hostMemory", most);
        assertTrue(Budgets.plan(directory, little).residency().streamedBytesPerPass() > 0);
        assertEquals(steps(directory, little, c.inputIds(), PROMPT), resident, "streamed");
        return resident;
    }

    /** Rounded activations are part of the least budget, and the least budget runs. */
    void requireLeastBudgetHoldsActivations(Path directory, Goldens.Case c) {
        Map<String, String> float32 = Budgets.with(plenty(c.batch(), c.tokens()), "io", "direct");
        Map<String, String> options = rounded(float32);
        ModelPlan plan = Budgets.plan(directory, options);
        long least = plan.leastBytes();
        assertTrue(least > Budgets.plan(directory, float32).leastBytes(), "activations");
        float[] expected = logits(directory, c, options);
        long enough = least + plan.logitsBytes(c.batch(), c.tokens());
        Map<String, String> tight = Budgets.with(options, "hostMemory", enough);
        assertEquals(logits(directory, c, tight), expected, "with " + enough + " bytes");
        expectThrows(
                BudgetExceededException.class,
                () -> Budgets.plan(directory, Budgets.with(options, "hostMemory", least - 1)));
    }

    /** A model that the type changes nothing in is refused in words that name these. */
    void requireRefusal(Path directory, Map<String, String> float32, String... words) {
        Map<String, String> options = rounded(float32);
        IllegalArgumentException refusal =
                expectThrows(
                        IllegalArgumentException.class, () -> TestDevices.open(directory, options));
        for (String word : words) {
            assertTrue(refusal.getMessage().contains(word), "" + refusal);
        }
    }
}
