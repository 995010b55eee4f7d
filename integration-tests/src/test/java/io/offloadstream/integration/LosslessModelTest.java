/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import io.offloadstream.checkpoint.Checkpoint;
import io.offloadstream.checkpoint.CheckpointException;
import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.model.Conversion;
import io.offloadstream.model.ConversionOptions;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.model.TokenBatch;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.PackedBf16;
import io.offloadstream.quant.Packing;
import io.offloadstream.quant.Quantization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** No digit is lost: a losslessly packed copy gives the bits of the BF16 original. */
public class LosslessModelTest {

    private static final long SEED = 12;
    private static final int PROMPT = 21;
    private static final int STEPS = 9;

    /** Blocks so small beside the head that it travels in several tiles. */
    private static final SyntheticLlama WIDE_HEAD = new SyntheticLlama(2, 4, 2, 16, 96, 2000);

    /**
     * The synthetic one has rows of no whole blocks, which stay plain; the last two tied tables.
     */
    @DataProvider
    Object[][] models() {
        return new Object[][] {
            {TestModels.SYNTHETIC}, {"wide head"}, {"llama-tiny"}, {"qwen2-tiny"}
        };
    }

    private static Path directory(String name, ScratchDirectory scratch) {
        if (name.equals("wide head")) {
            WIDE_HEAD.write(scratch.path(), SEED);
            return scratch.path();
        }
        return TestModels.directory(name, scratch);
    }

    @DataProvider
    Object[][] modelsOnDevices() {
        return TestDevices.with(models());
    }

    private static void convert(Path source, Path target) {
        ConversionOptions lossless =
                new ConversionOptions(null, Quantization.NONE, Packing.LOSSLESS, 2);
        try {
            Conversion.run(source, target, lossless, (done, total) -> {});
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long packedTensors(Path copy) {
        return Checkpoint.open(copy).tensors().values().stream()
                .filter(tensor -> tensor.type() == DType.BF16_PACKED)
                .count();
    }

    private static int[] prompt() {
        SplittableRandom random = new SplittableRandom(SEED);
        return random.ints(PROMPT, 0, 320).toArray();
    }

    /** The logits of a prompt, all rows in one pass, and of some steps behind it. */
    private static float[][] logits(Path directory, Map<String, String> options) {
        float[][] logits = new float[1 + STEPS][];
        try (StreamedModel model = TestDevices.open(directory, options);
                var session = model.newSession(1)) {
            int[] next = prompt();
            for (int i = 0; i <= STEPS; i++) {
                logits[i] =
                        Runs.all(model, session, new TokenBatch(next.length, next, null, null))
                                .logits();
                int vocab = model.decoder().vocabSize();
                float[] last = new float[vocab];
                System.arraycopy(logits[i], logits[i].length - vocab, last, 0, vocab);
                next = new int[] {Runs.argMax(last)};
            }
        }
        return logits;
    }

    private static void assertSame(float[][] actual, float[][] expected, String what) {
        for (int i = 0; i < expected.length; i++) {
            assertEquals(actual[i], expected[i], what + ", pass " + i + ", seed " + SEED);
        }
    }

    @Test(dataProvider = "models")
    public void aPackedCopyGivesTheBitsOfTheOriginal(String name) {
        try (ScratchDirectory scratch = new ScratchDirectory("plain");
                ScratchDirectory target = new ScratchDirectory("lossless")) {
            Path plain = directory(name, scratch);
            Path copy = target.path().resolve("copy");
            convert(plain, copy);
            assertTrue(packedTensors(copy) >= 7, "packed: " + packedTensors(copy));
            for (String io : new String[] {"auto", "direct", "buffered"}) {
                Map<String, String> plenty = Budgets.plenty(1, PROMPT + STEPS, io);
                assertSame(logits(copy, plenty), logits(plain, plenty), io);
            }
            Map<String, String> streaming = Budgets.streaming(copy, 1, PROMPT + STEPS, "direct");
            Map<String, String> plenty = Budgets.plenty(1, PROMPT + STEPS, "direct");
            assertSame(logits(copy, streaming), logits(plain, plenty), "streamed");
            long least = Budgets.plan(copy, plenty).leastBytes();
            long logitBytes = Budgets.plan(copy, plenty).logitsBytes(1, PROMPT + STEPS);
            Map<String, String> tight = Budgets.with(plenty, "hostMemory", least + logitBytes);
            assertSame(logits(copy, tight), logits(plain, plenty), "least memory");
        }
    }

    /** A flipped bit among the escapes is one exception or wrong digits, on every kernel. */
    @Test
    public void damagedEscapesEndNoProcess() throws IOException {
        try (ScratchDirectory scratch = new ScratchDirectory("plain");
                ScratchDirectory target = new ScratchDirectory("lossless")) {
            Path copy = target.path().resolve("copy");
            convert(directory("wide head", scratch), copy);
            List<TensorEntry> escapes =
                    Checkpoint.open(copy).tensors().values().stream()
                            .filter(tensor -> tensor.name().endsWith(PackedBf16.SUFFIX))
                            .toList();
            Map<String, String> plenty = Budgets.plenty(1, PROMPT + STEPS, "buffered");
            SplittableRandom random = new SplittableRandom(SEED);
            int refused = 0;
            for (int round = 0; round < 60; round++) {
                TensorEntry entry = escapes.get(random.nextInt(escapes.size()));
                byte[] whole = Files.readAllBytes(entry.file());
                byte[] damaged = whole.clone();
                int at = random.nextInt(Math.toIntExact(entry.sizeBytes()));
                damaged[(int) entry.offset() + at] ^= (byte) (1 << random.nextInt(8));
                Files.write(entry.file(), damaged);
                try {
                    logits(copy, plenty);
                } catch (CheckpointException e) {
                    refused++;
                    assertTrue(e.getMessage().contains(entry.name()), e.getMessage());
                }
                Files.write(entry.file(), whole);
            }
            assertTrue(refused > 5 && refused < 60, refused + " refused, seed " + SEED);
        }
    }

    @Test(dataProvider = "modelsOnDevices")
    public void aPackedCopyGivesTheBitsOfTheOriginalOnADevice(String backend, String name) {
        TestDevices.require(backend);
        try (ScratchDirectory scratch = new ScratchDirectory("plain");
                ScratchDirectory target = new ScratchDirectory("lossless")) {
            Path plain = directory(name, scratch);
            Path copy = target.path().resolve("copy");
            convert(plain, copy);
            Map<String, String> options = TestDevices.plenty(backend, 1, PROMPT + STEPS);
            float[][] expected = logits(plain, options);
            assertSame(logits(copy, options), expected, "resident");
            long least = TestDevices.least(copy, options, "deviceMemory");
            Map<String, String> streaming = Budgets.with(options, "deviceMemory", least);
            assertSame(logits(copy, streaming), expected, "streamed");
        }
    }
}
