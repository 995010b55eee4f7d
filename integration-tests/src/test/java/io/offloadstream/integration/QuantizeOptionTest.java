/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.checkpoint.Checkpoint;
import io.offloadstream.model.Conversion;
import io.offloadstream.model.ConversionOptions;
import io.offloadstream.model.ModelOptions;
import io.offloadstream.model.ModelPlan;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.platform.BudgetExceededException;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.Storage;
import io.offloadstream.quant.Packing;
import io.offloadstream.quant.Quantization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** The option {@code quantize}: what a packed copy would give, without the copy. */
public class QuantizeOptionTest {

    @DataProvider
    Object[][] models() {
        return TestModels.references();
    }

    @DataProvider
    Object[][] modelsOnDevices() {
        return TestDevices.with(TestModels.references());
    }

    private static float[] logits(Path directory, Goldens.Case c, Map<String, String> options) {
        try (StreamedModel model = TestDevices.open(directory, options)) {
            assertEquals(model.plan().streamedBytesPerPass(), 0);
            return Runs.all(model, c).logits();
        }
    }

    @Test(dataProvider = "models")
    public void theBitsAreThoseOfAPackedCopy(String name) throws IOException {
        Goldens goldens = Goldens.reference(name);
        Goldens.Case c = goldens.find("short");
        compare(goldens, c, Budgets.plenty(c.batch(), c.tokens(), "auto"));
    }

    @Test(dataProvider = "modelsOnDevices")
    public void theBitsAreThoseOfAPackedCopyOnADevice(String backend, String name)
            throws IOException {
        TestDevices.require(backend);
        Goldens goldens = Goldens.reference(name);
        Goldens.Case c = goldens.find("short");
        Map<String, String> plenty = TestDevices.plenty(backend, c.batch(), c.tokens());
        compare(goldens, c, Budgets.with(plenty, "io", "auto"));
    }

    private static void compare(Goldens goldens, Goldens.Case c, Map<String, String> plenty)
            throws IOException {
        Path model = goldens.directory();
        for (Quantization quantization : List.of(Quantization.INT8, Quantization.INT4)) {
            try (ScratchDirectory scratch = new ScratchDirectory("quantize")) {
                Path copy = scratch.path().resolve("copy");
                Conversion.run(
                        model,
                        copy,
                        new ConversionOptions(null, quantization, Packing.NONE, 2),
                        (done, total) -> {});
                String option = quantization.name().toLowerCase(Locale.ROOT);
                List<String> before = files(model);
                assertEquals(
                        logits(model, c, Budgets.with(plenty, "quantize", option)),
                        logits(copy, c, plenty),
                        option);
                assertEquals(files(model), before, "nothing is written");
            }
        }
    }

    private static List<String> files(Path directory) throws IOException {
        try (Stream<Path> list = Files.list(directory)) {
            return list.map(Path::toString).sorted().toList();
        }
    }

    @Test
    public void aModelThatDoesNotFitIsRefusedWithTheCommand() throws IOException {
        Path model = Goldens.reference("llama-tiny").directory().toRealPath();
        Map<String, String> plenty = Budgets.plenty(1, 9, "auto");
        Map<String, String> quantized = Budgets.with(plenty, "quantize", "int8");
        long needed =
                ModelPlan.of(model, ModelOptions.parse(quantized), Storage.local()).leastBytes();
        TestDevices.open(model, Budgets.with(quantized, "hostMemory", needed)).close();

        BudgetExceededException refusal =
                refusal(model, Budgets.with(quantized, "hostMemory", needed - needed / 500));
        assertTrue(refusal.getMessage().contains("offloadstream convert "), refusal.getMessage());
        String target = model + "-int8";
        assertTrue(refusal.getMessage().contains(target), refusal.getMessage());
    }

    /** A copy beside the model is named; what is there and is none is not written over. */
    @Test
    public void aModelThatDoesNotFitIsRefusedWithTheCopyThatIsThere() throws IOException {
        try (ScratchDirectory scratch = new ScratchDirectory("refused")) {
            Path model = scratch.path().resolve("it's a model");
            Path first = scratch.path().resolve("it's a model-int8");
            Path second = scratch.path().resolve("it's a model-int8-2");
            Files.createDirectory(model);
            SyntheticLlama.TINY.write(model, 7);
            Path indirect = model.resolve("..").resolve(model.getFileName());
            Map<String, String> options =
                    new HashMap<>(Map.of("quantize", "int8", "backend", "cpu"));
            options.put("hostMemory", "300KB");
            String source = "'" + scratch.path().toRealPath() + "/it'\\''s a model";
            String make = "offloadstream convert " + source + "' " + source;

            String none = refusal(indirect, options).getMessage();
            assertTrue(none.endsWith(": " + make + "-int8' --quantize int8"), none);
            convert(model, first, Quantization.INT4); // another copy of that name
            String other = refusal(indirect, options).getMessage();
            assertTrue(other.endsWith(": " + make + "-int8-2' --quantize int8"), other);
            convert(model, second, Quantization.INT8);
            String there = refusal(indirect, options).getMessage();
            assertTrue(there.endsWith("without quantize: " + source + "-int8-2'"), there);
            Path weights = model.resolve("model.safetensors");
            FileTime written = Files.getLastModifiedTime(weights);
            FileTime later = FileTime.from(Instant.now().plusSeconds(60));
            Files.setLastModifiedTime(weights, later); // replaced, so the copy is of others
            String stale = refusal(indirect, options).getMessage();
            assertTrue(stale.endsWith(": " + make + "-int8-3' --quantize int8"), stale);
            Files.setLastModifiedTime(weights, written);
            Files.write(second.resolve("layer_000.bin"), new byte[3]);
            String damaged = refusal(indirect, options).getMessage();
            assertTrue(damaged.endsWith(": " + make + "-int8-3' --quantize int8"), damaged);
        }
    }

    /** The parent of a link's target is not the parent of the link. */
    @Test
    public void theCommandNamesTheModelThatWasRefusedBehindALinkToo() throws IOException {
        try (ScratchDirectory scratch = new ScratchDirectory("linked")) {
            Path model = scratch.path().toRealPath().resolve("elsewhere/model");
            Path folder = Files.createDirectories(model.resolveSibling("folder"));
            Files.createDirectory(model);
            SyntheticLlama.TINY.write(model, 7);
            Path link = Files.createSymbolicLink(scratch.path().resolve("link"), folder);
            Map<String, String> options = new HashMap<>(Map.of("quantize", "int8"));
            options.putAll(Map.of("backend", "cpu", "hostMemory", "300KB"));
            for (Path way : List.of(model, link.resolve("../model"))) {
                String message = refusal(way, options).getMessage();
                String command = "convert " + model + " " + model + "-int8 --quantize int8";
                assertTrue(message.endsWith(command), message);
            }
        }
    }

    private static void convert(Path source, Path target, Quantization quantization)
            throws IOException {
        ConversionOptions options = new ConversionOptions(null, quantization, Packing.LOSSLESS, 2);
        Conversion.run(source, target, options, (done, total) -> {});
    }

    /** What is losslessly packed has all digits: quantising it gives what the original gives. */
    @Test
    public void aLosslesslyPackedModelIsQuantisedToTheBitsOfTheOriginal() throws IOException {
        try (ScratchDirectory scratch = new ScratchDirectory("packed")) {
            Path model = Goldens.reference("llama-tiny").directory();
            Goldens.Case c = Goldens.reference("llama-tiny").find("short");
            Path packed = scratch.path().resolve("packed");
            convert(model, packed, Quantization.NONE);
            assertTrue(
                    Checkpoint.open(packed).tensors().values().stream()
                            .anyMatch(tensor -> tensor.type() == DType.BF16_PACKED));
            Map<String, String> plenty = Budgets.plenty(c.batch(), c.tokens(), "auto");
            for (String type : List.of("int8", "int4")) {
                Map<String, String> quantized = Budgets.with(plenty, "quantize", type);
                assertEquals(logits(packed, c, quantized), logits(model, c, quantized), type);
            }
        }
    }

    /** Nobody says how long sequences get: the cache and prompts grow with the budget. */
    @Test
    public void theNumberOfARefusalLoads() {
        Path model = Goldens.reference("llama-tiny").directory();
        Map<String, String> options = new HashMap<>(Map.of("quantize", "int8", "backend", "cpu"));
        BudgetExceededException refusal =
                refusal(model, Budgets.with(options, "hostMemory", "300KB"));
        long enough = refusal.requestedBytes();
        TestDevices.open(model, Budgets.with(options, "hostMemory", enough)).close();
    }

    @Test
    public void aLongPromptDoesNotPushQuantisedWeightsOut() {
        Path model = Goldens.reference("llama-tiny").directory();
        Map<String, String> options = new HashMap<>(Map.of("quantize", "int8", "backend", "cpu"));
        options.put("maxSequenceLength", "256");
        options.put("hostMemory", "1GB");
        ModelPlan plan = ModelPlan.of(model, ModelOptions.parse(options), Storage.local());
        options.put("hostMemory", Long.toString(plan.leastBytes()));
        int[] prompt = new Random(3).ints(200, 0, plan.decoder().vocabSize()).toArray();
        try (StreamedModel opened = TestDevices.open(model, options)) {
            Runs.greedy(opened, prompt, 1);
            long read = opened.stats().read().bytes();
            Runs.greedy(opened, prompt, 5);
            assertEquals(opened.stats().read().bytes(), read, "quantised once");
            assertEquals(opened.stats().reclaimedGroups(), 0);
        }
    }

    private static BudgetExceededException refusal(Path model, Map<String, String> options) {
        try {
            ModelPlan.of(model, ModelOptions.parse(options), Storage.local());
            throw new AssertionError("not refused: " + options);
        } catch (BudgetExceededException e) {
            return e;
        }
    }

    @Test
    public void aWayOfReadingThatCannotQuantiseIsRefused() {
        for (String io : List.of("direct", "mmap", "gds")) {
            IllegalArgumentException refusal =
                    expectThrows(
                            IllegalArgumentException.class,
                            () -> ModelOptions.parse(Map.of("quantize", "int4", "io", io)));
            assertTrue(refusal.getMessage().contains("valid: auto, buffered"), "" + refusal);
        }
    }
}
