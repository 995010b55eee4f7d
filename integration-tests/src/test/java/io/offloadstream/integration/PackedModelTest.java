/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import io.offloadstream.checkpoint.Checkpoint;
import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.model.Conversion;
import io.offloadstream.model.ConversionOptions;
import io.offloadstream.model.ConversionReport;
import io.offloadstream.model.Session;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.model.TokenBatch;
import io.offloadstream.platform.DType;
import io.offloadstream.quant.Packing;
import io.offloadstream.quant.Quantization;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.testng.Reporter;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** Packed copies give the logits of the original, and stream their bytes and no others. */
public class PackedModelTest {

    private static final ConversionOptions PLAIN =
            new ConversionOptions(null, Quantization.NONE, Packing.NONE, 2);
    private static final ConversionOptions LOSSLESS =
            new ConversionOptions(null, Quantization.NONE, Packing.LOSSLESS, 2);

    @DataProvider
    Object[][] models() {
        return TestModels.references();
    }

    @DataProvider
    Object[][] modelsOnDevices() {
        return TestDevices.with(TestModels.references());
    }

    @DataProvider
    Object[][] quantizations() {
        List<Object[]> rows = new ArrayList<>();
        for (String model : TestModels.REFERENCES) {
            rows.add(new Object[] {model, Quantization.INT8, 0.05, 0.02});
            rows.add(new Object[] {model, Quantization.INT4, 0.6, 1.6});
        }
        return rows.toArray(Object[][]::new);
    }

    private static ConversionReport convert(Path source, Path target, ConversionOptions options) {
        try {
            return Conversion.run(source, target, options, (done, total) -> {});
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static float[] logits(Path directory, Goldens.Case c, Map<String, String> options) {
        try (StreamedModel model = TestDevices.open(directory, options)) {
            return Runs.all(model, c).logits();
        }
    }

    @Test(dataProvider = "models")
    public void aPlainCopyGivesTheBitsOfTheOriginal(String name) {
        requireSameBits(name, PLAIN);
    }

    @Test(dataProvider = "models")
    public void aLosslesslyPackedCopyGivesTheBitsOfTheOriginal(String name) {
        requireSameBits(name, LOSSLESS);
    }

    private static void requireSameBits(String name, ConversionOptions options) {
        Goldens goldens = Goldens.reference(name);
        try (ScratchDirectory scratch = new ScratchDirectory("packed")) {
            Path copy = scratch.path().resolve(name);
            convert(goldens.directory(), copy, options);
            requirePacked(goldens.directory(), copy, options);
            for (Goldens.Case c : goldens.cases()) {
                for (String io : new String[] {"auto", "direct", "buffered"}) {
                    Map<String, String> plenty = Budgets.plenty(c.batch(), c.tokens(), io);
                    float[] expected = logits(goldens.directory(), c, plenty);
                    assertEquals(logits(copy, c, plenty), expected, io + " " + c.name());
                }
                Map<String, String> streaming =
                        Budgets.streaming(copy, c.batch(), c.tokens(), "direct");
                float[] expected = logits(goldens.directory(), c, streaming);
                assertEquals(logits(copy, c, streaming), expected, "streamed " + c.name());
            }
        }
    }

    /** Rows of whole blocks become smaller in every model that is bf16; others stay plain. */
    private static void requirePacked(Path original, Path copy, ConversionOptions options) {
        Checkpoint source = Checkpoint.open(original);
        for (TensorEntry tensor : Checkpoint.open(copy).tensors().values()) {
            if (source.find(tensor.name()).isEmpty()) {
                continue; // escapes
            }
            long[] shape = tensor.shape();
            DType type = source.get(tensor.name()).type();
            boolean packed =
                    options.packing() == Packing.LOSSLESS
                            && type == DType.BF16
                            && shape.length == 2
                            && shape[1] % 32 == 0;
            assertEquals(tensor.type(), packed ? DType.BF16_PACKED : type, tensor.toString());
        }
    }

    @Test(dataProvider = "modelsOnDevices")
    public void copiesGiveTheBitsOfTheOriginalOnADevice(String backend, String name) {
        TestDevices.require(backend);
        for (ConversionOptions options : List.of(PLAIN, LOSSLESS)) {
            requireSameBitsOnADevice(backend, Goldens.reference(name), options);
        }
    }

    private static void requireSameBitsOnADevice(
            String backend, Goldens goldens, ConversionOptions conversion) {
        Goldens.Case c = goldens.find("short");
        try (ScratchDirectory scratch = new ScratchDirectory("packed")) {
            Path copy = scratch.path().resolve("copy");
            convert(goldens.directory(), copy, conversion);
            Map<String, String> options = TestDevices.plenty(backend, c.batch(), c.tokens());
            float[] expected = logits(goldens.directory(), c, options);
            assertEquals(logits(copy, c, options), expected, "resident");
            long least = TestDevices.least(copy, options, "deviceMemory");
            Map<String, String> streaming = Budgets.with(options, "deviceMemory", least);
            assertEquals(logits(copy, c, streaming), expected, "streamed");
        }
    }

    @Test(dataProvider = "modelsOnDevices")
    public void aQuantisedCopyGivesTheSameOnADevice(String backend, String name) {
        TestDevices.require(backend);
        Goldens goldens = Goldens.reference(name);
        Goldens.Case c = goldens.find("long");
        try (ScratchDirectory scratch = new ScratchDirectory("packed")) {
            for (Quantization quantization : List.of(Quantization.INT8, Quantization.INT4)) {
                Path copy = scratch.path().resolve(name + quantization);
                convert(
                        goldens.directory(),
                        copy,
                        new ConversionOptions(null, quantization, Packing.LOSSLESS, 2));
                float[] expected = logits(copy, c, Budgets.plenty(c.batch(), c.tokens(), "auto"));
                Map<String, String> options = TestDevices.plenty(backend, c.batch(), c.tokens());
                float[] resident = logits(copy, c, options);
                Closeness.assertClose(resident, expected, c.mask(), quantization + " resident");
                long least = TestDevices.least(copy, options, "deviceMemory");
                Map<String, String> streaming = Budgets.with(options, "deviceMemory", least);
                assertEquals(logits(copy, c, streaming), resident, quantization + " streamed");
            }
        }
    }

    @Test(dataProvider = "quantizations")
    public void aQuantisedCopyStaysNearTheOriginal(
            String name, Quantization quantization, double relativeLimit, double divergenceLimit) {
        Goldens goldens = Goldens.reference(name);
        try (ScratchDirectory scratch = new ScratchDirectory("packed")) {
            Path copy = scratch.path().resolve(name);
            ConversionReport report =
                    convert(
                            goldens.directory(),
                            copy,
                            new ConversionOptions(null, quantization, Packing.LOSSLESS, 2));
            long quantised =
                    Checkpoint.open(copy).tensors().values().stream()
                            .filter(t -> t.type() == quantization.type().orElseThrow())
                            .count();
            assertTrue(quantised > 0, name + " keeps " + report.kept());
            Goldens.Case c = goldens.find("long");
            float[] original = goldens.tensor(c.key("logits"));
            Map<String, String> plenty = Budgets.plenty(c.batch(), c.tokens(), "auto");
            float[] resident = logits(copy, c, plenty);
            Map<String, String> streaming =
                    Budgets.streaming(copy, c.batch(), c.tokens(), "direct");
            assertEquals(logits(copy, c, streaming), resident, "streamed");
            double relative = Closeness.relative(resident, original);
            double divergence = Closeness.divergence(original, resident, c.tokens());
            log(name + " " + quantization, relative, divergence);
            assertTrue(relative > 0 && relative < relativeLimit, "relative error " + relative);
            assertTrue(divergence < divergenceLimit, "KL divergence " + divergence);
        }
    }

    @DataProvider
    Object[][] trained() {
        return new Object[][] {
            {Quantization.INT8, 0.02, 0.0005}, {Quantization.INT4, 0.2, 0.02},
        };
    }

    /** Random weights amplify every error; what training made is what users quantise. */
    @Test(dataProvider = "trained")
    public void aTrainedModelLosesLittle(
            Quantization quantization, double relativeLimit, double divergenceLimit) {
        Path directory = Goldens.shared().resolve("models/storyteller");
        Goldens goldens = Goldens.of(directory, directory.resolve("expected"));
        try (ScratchDirectory scratch = new ScratchDirectory("packed")) {
            Path copy = scratch.path().resolve("copy");
            convert(directory, copy, new ConversionOptions(null, quantization, Packing.NONE, 2));
            for (Goldens.Case c : goldens.cases()) {
                int[] ids =
                        IntStream.concat(
                                        Arrays.stream(c.inputIds()),
                                        Arrays.stream(c.greedyNewTokens()))
                                .toArray();
                float[] original = logits(directory, ids);
                float[] quantised = logits(copy, ids);
                double relative = Closeness.relative(quantised, original);
                double divergence = Closeness.divergence(original, quantised, ids.length);
                log("storyteller " + c.name() + " " + quantization, relative, divergence);
                assertTrue(relative > 0 && relative < relativeLimit, "relative " + relative);
                assertTrue(divergence < divergenceLimit, "KL divergence " + divergence);
            }
        }
    }

    private static float[] logits(Path directory, int[] ids) {
        Map<String, String> options = Budgets.plenty(1, ids.length, "auto");
        try (StreamedModel model = TestDevices.open(directory, options);
                Session session = model.newSession(1)) {
            return Runs.all(model, session, new TokenBatch(ids.length, ids, null, null)).logits();
        }
    }

    private static void log(String what, double relative, double divergence) {
        Reporter.log(
                String.format(
                        Locale.ROOT,
                        "%s: relative logit error %.4f, KL divergence %.5f",
                        what,
                        relative,
                        divergence),
                true);
    }
}
