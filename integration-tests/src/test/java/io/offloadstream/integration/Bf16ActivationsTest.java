/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertNotEquals;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.model.Conversion;
import io.offloadstream.model.ConversionOptions;
import io.offloadstream.model.ModelPlan;
import io.offloadstream.model.Session;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.model.TokenBatch;
import io.offloadstream.platform.BudgetExceededException;
import io.offloadstream.quant.Packing;
import io.offloadstream.quant.Quantization;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.testng.Reporter;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** The option {@code computeType=bfloat16} on the CPU: what it costs, what it does not change. */
public class Bf16ActivationsTest {

    private static final String OPTION = "computeType";

    /** Tokens of the first pass, before others follow one by one. */
    private static final int PROMPT = 3;

    @DataProvider
    Object[][] models() {
        return new Object[][] {{"llama-tiny"}, {"qwen2-tiny"}};
    }

    private static Map<String, String> plenty(int batch, int length) {
        return Budgets.with(Budgets.plenty(batch, length, "auto"), "backend", "cpu");
    }

    private static float[] logits(Path directory, Goldens.Case c, Map<String, String> options) {
        try (StreamedModel model = TestDevices.open(directory, options)) {
            return Runs.all(model, c).logits();
        }
    }

    /** All logits: a prompt of some tokens, then one token after the other. */
    private static float[] steps(
            Path directory, Map<String, String> options, int[] ids, int prompt) {
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

    /** A losslessly packed copy has the logits of the original, to the bit. */
    @Test
    public void aTrainedModelLosesLittleAndPackedNoMore() throws IOException {
        Path directory = Goldens.shared().resolve("models/storyteller");
        Goldens goldens = Goldens.of(directory, directory.resolve("expected"));
        try (ScratchDirectory scratch = new ScratchDirectory("bf16")) {
            Path copy = convert(directory, scratch, Quantization.NONE, Packing.LOSSLESS);
            for (Goldens.Case c : goldens.cases()) {
                int[] ids =
                        IntStream.concat(
                                        Arrays.stream(c.inputIds()),
                                        Arrays.stream(c.greedyNewTokens()))
                                .toArray();
                Map<String, String> options = plenty(1, ids.length);
                Map<String, String> bf16 = Budgets.with(options, OPTION, "bfloat16");
                float[] exact = steps(directory, options, ids, ids.length);
                float[] rounded = steps(directory, bf16, ids, ids.length);
                double relative = Closeness.relative(rounded, exact);
                double divergence = Closeness.divergence(exact, rounded, ids.length);
                Reporter.log(
                        String.format(
                                Locale.ROOT,
                                "storyteller %s, bfloat16 activations: relative logit error %.5f,"
                                        + " KL divergence %.7f",
                                c.name(),
                                relative,
                                divergence),
                        true);
                assertTrue(relative > 0 && relative < 0.01, "relative error " + relative);
                assertTrue(divergence < 1e-4, "KL divergence " + divergence);
                assertEquals(steps(copy, bf16, ids, ids.length), rounded, "packed");
                assertEquals(steps(copy, bf16, ids, PROMPT), rounded, "packed, by tokens");
            }
        }
    }

    private static Path convert(
            Path directory, ScratchDirectory scratch, Quantization quantization, Packing packing)
            throws IOException {
        Path copy = scratch.path().resolve("copy");
        Conversion.run(
                directory,
                copy,
                new ConversionOptions(null, quantization, packing, 2),
                (done, total) -> {});
        return copy;
    }

    @Test(dataProvider = "models")
    public void streamingThreadsAndStepsChangeNoBit(String name) {
        Goldens goldens = Goldens.reference(name);
        Path directory = goldens.directory();
        Goldens.Case c = goldens.find("long");
        Map<String, String> float32 = plenty(c.batch(), c.tokens());
        Map<String, String> options = Budgets.with(float32, OPTION, "bfloat16");
        float[] resident = logits(directory, c, options);
        float[] exact = logits(directory, c, float32);
        assertNotEquals(resident, exact, "float32");
        assertTrue(Closeness.relative(resident, exact) < 0.02, "error");
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
    }

    /** Rounded activations are part of the least budget, and the least budget runs. */
    @Test(dataProvider = "models")
    public void theLeastBudgetHoldsTheActivations(String name) {
        Goldens goldens = Goldens.reference(name);
        Path directory = goldens.directory();
        Goldens.Case c = goldens.find("long");
        Map<String, String> float32 = Budgets.with(plenty(c.batch(), c.tokens()), "io", "direct");
        Map<String, String> options = Budgets.with(float32, OPTION, "bfloat16");
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

    /** Its norms are bfloat16 still. */
    @Test
    public void aModelWithoutMatricesOfBf16IsRefused() throws IOException {
        Path directory = Goldens.shared().resolve("models/storyteller");
        try (ScratchDirectory scratch = new ScratchDirectory("bf16")) {
            Path copy = convert(directory, scratch, Quantization.INT8, Packing.NONE);
            Map<String, String> options = Budgets.with(plenty(1, 9), OPTION, "bfloat16");
            IllegalArgumentException refusal =
                    expectThrows(
                            IllegalArgumentException.class, () -> TestDevices.open(copy, options));
            assertTrue(refusal.getMessage().contains("computeType=bfloat16"), "" + refusal);
            assertTrue(refusal.getMessage().contains("computeType=int8"), "" + refusal);
        }
    }
}
