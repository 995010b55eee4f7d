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
import io.offloadstream.model.ModelOptions;
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

/** The option {@code computeType=int8}: what it costs in error, and what it does not change. */
public class Int8ActivationsTest {

    private static final String OPTION = "computeType";

    /** Tokens of the first pass, before others follow one by one. */
    private static final int PROMPT = 3;

    @DataProvider
    Object[][] models() {
        return TestModels.references();
    }

    private static Map<String, String> plenty(Goldens.Case c) {
        return Budgets.with(Budgets.plenty(c.batch(), c.tokens(), "auto"), "backend", "cpu");
    }

    private static float[] logits(Path directory, Goldens.Case c, Map<String, String> options) {
        try (StreamedModel model = TestDevices.open(directory, options)) {
            return Runs.all(model, c).logits();
        }
    }

    @DataProvider
    Object[][] limits() {
        return new Object[][] {{"int8", 0.02, 0.0005}, {"int4", 0.03, 0.001}};
    }

    /** Against float32 activations of the same weights, quantised on load. */
    @Test(dataProvider = "limits")
    public void aTrainedModelLosesLittle(String quantize, double relativeLimit, double limit) {
        Path directory = Goldens.shared().resolve("models/storyteller");
        Goldens goldens = Goldens.of(directory, directory.resolve("expected"));
        for (Goldens.Case c : goldens.cases()) {
            int[] ids =
                    IntStream.concat(
                                    Arrays.stream(c.inputIds()), Arrays.stream(c.greedyNewTokens()))
                            .toArray();
            Map<String, String> options =
                    Budgets.with(Budgets.plenty(1, ids.length, "auto"), "quantize", quantize);
            float[] exact = steps(directory, options, ids, ids.length);
            Map<String, String> int8 = Budgets.with(options, OPTION, "int8");
            float[] rounded = steps(directory, int8, ids, ids.length);
            double relative = Closeness.relative(rounded, exact);
            double divergence = Closeness.divergence(exact, rounded, ids.length);
            Reporter.log(
                    String.format(
                            Locale.ROOT,
                            "storyteller %s, %s weights, int8 activations: relative logit error"
                                    + " %.4f, KL divergence %.6f",
                            c.name(),
                            quantize,
                            relative,
                            divergence),
                    true);
            assertTrue(relative > 0 && relative < relativeLimit, "relative error " + relative);
            assertTrue(divergence < limit, "KL divergence " + divergence);
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

    /** Some of these have matrices that no block fits, beside those in blocks. */
    @Test(dataProvider = "models")
    public void streamingThreadsAndStepsChangeNoBit(String name) throws IOException {
        Goldens goldens = Goldens.reference(name);
        Goldens.Case c = goldens.find("long");
        for (Quantization quantization :
                new Quantization[] {Quantization.INT8, Quantization.INT4}) {
            try (ScratchDirectory scratch = new ScratchDirectory("int8")) {
                Path copy = scratch.path().resolve("copy");
                Conversion.run(
                        goldens.directory(),
                        copy,
                        new ConversionOptions(null, quantization, Packing.NONE, 2),
                        (done, total) -> {});
                Map<String, String> options = Budgets.with(plenty(c), OPTION, "int8");
                float[] resident = logits(copy, c, options);
                assertNotEquals(resident, logits(copy, c, plenty(c)), "float32 " + quantization);
                for (int threads : new int[] {1, 3}) {
                    Map<String, String> some = Budgets.with(options, "threads", threads);
                    assertEquals(logits(copy, c, some), resident, threads + " threads");
                }
                assertEquals(steps(copy, options, c.inputIds(), PROMPT), resident, "by tokens");
                Map<String, String> direct = Budgets.with(options, "io", "direct");
                ModelPlan plan = Budgets.plan(copy, direct);
                long most = plan.leastBytes() + plan.logitsBytes(1, PROMPT);
                Map<String, String> little = Budgets.with(direct, "hostMemory", most);
                assertTrue(Budgets.plan(copy, little).residency().streamedBytesPerPass() > 0);
                assertEquals(steps(copy, little, c.inputIds(), PROMPT), resident, "streamed");
            }
        }
    }

    /** Int8 activations are part of the least budget, and the least budget runs. */
    @Test(dataProvider = "models")
    public void theLeastBudgetHoldsTheActivations(String name) throws IOException {
        Goldens goldens = Goldens.reference(name);
        Goldens.Case c = goldens.find("long");
        try (ScratchDirectory scratch = new ScratchDirectory("int8")) {
            Path copy = scratch.path().resolve("copy");
            Conversion.run(
                    goldens.directory(),
                    copy,
                    new ConversionOptions(null, Quantization.INT8, Packing.NONE, 2),
                    (done, total) -> {});
            Map<String, String> float32 =
                    Budgets.with(Budgets.plenty(c.batch(), c.tokens(), "direct"), "backend", "cpu");
            Map<String, String> options = Budgets.with(float32, OPTION, "int8");
            ModelPlan plan = Budgets.plan(copy, options);
            long least = plan.leastBytes();
            assertTrue(least > Budgets.plan(copy, float32).leastBytes(), "activations take memory");
            float[] expected = logits(copy, c, options);
            long enough = least + plan.logitsBytes(c.batch(), c.tokens());
            Map<String, String> tight = Budgets.with(options, "hostMemory", enough);
            assertEquals(logits(copy, c, tight), expected, "with " + enough + " bytes");
            expectThrows(
                    BudgetExceededException.class,
                    () -> Budgets.plan(copy, Budgets.with(options, "hostMemory", least - 1)));
        }
    }

    @Test
    public void aModelWithoutBlocksIsRefused() {
        Path directory = Goldens.reference("llama-tiny").directory();
        Map<String, String> options = Budgets.with(Budgets.plenty(1, 9, "auto"), OPTION, "int8");
        IllegalArgumentException refusal =
                expectThrows(
                        IllegalArgumentException.class, () -> TestDevices.open(directory, options));
        assertTrue(refusal.getMessage().contains("computeType=int8"), "" + refusal);
        assertTrue(refusal.getMessage().contains("quantize=int8"), "" + refusal);
        TestDevices.open(directory, Budgets.with(options, "quantize", "int4")).close();
    }

    @Test
    public void aDeviceIsRefused() {
        for (String backend : TestDevices.BACKENDS) {
            IllegalArgumentException refusal =
                    expectThrows(
                            IllegalArgumentException.class,
                            () -> ModelOptions.parse(Map.of("backend", backend, OPTION, "int8")));
            assertTrue(refusal.getMessage().contains("backend=cpu"), "" + refusal);
        }
    }
}
