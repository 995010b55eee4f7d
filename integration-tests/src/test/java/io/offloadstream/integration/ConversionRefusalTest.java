/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.checkpoint.CheckpointException;
import io.offloadstream.model.Conversion;
import io.offloadstream.model.ConversionOptions;
import io.offloadstream.model.ConversionProgress;
import io.offloadstream.model.ConversionReport;
import io.offloadstream.quant.Packing;
import io.offloadstream.quant.Quantization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.testng.annotations.AfterMethod;
import org.testng.annotations.BeforeMethod;
import org.testng.annotations.Test;

/** What a conversion does not take over, and what it says when it cannot clean up. */
public class ConversionRefusalTest {

    private static final ConversionOptions PLAIN =
            new ConversionOptions(null, Quantization.NONE, Packing.NONE, 2);
    private static final ConversionOptions LOSSLESS =
            new ConversionOptions(null, Quantization.NONE, Packing.LOSSLESS, 2);
    private static final ConversionProgress SILENT = (done, total) -> {};
    private static final long SEED = 11;

    private ScratchDirectory scratch;
    private Path source;
    private Path target;

    @BeforeMethod
    public void open() throws IOException {
        scratch = new ScratchDirectory("refusal");
        source = Files.createDirectory(scratch.path().resolve("source"));
        target = scratch.path().resolve("target");
        SyntheticLlama.TINY.write(source, SEED);
    }

    @AfterMethod
    public void close() {
        scratch.close();
    }

    private static ConversionReport run(
            Path source, Path target, ConversionOptions options, ConversionProgress progress) {
        try {
            return Conversion.run(source, target, options, progress);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A conversion that is ended by its progress. */
    private static final class Killed extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    /** Its checksums would be those of the damage, and nobody would find it again. */
    @Test
    public void aDamagedCopyIsNotCopied() throws IOException {
        run(source, target, LOSSLESS, SILENT);
        Path file = target.resolve("layer_001.bin");
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 4;
        Files.write(file, bytes);
        Path second = scratch.path().resolve("second");
        CheckpointException e =
                expectThrows(CheckpointException.class, () -> run(target, second, PLAIN, SILENT));
        assertTrue(e.getMessage().contains("group layer.1 has CRC-32C"), e.getMessage());
        assertFalse(Files.exists(second));
        assertFalse(Files.exists(scratch.path().resolve(".second.partial")));
    }

    @Test
    public void groupsOfOtherEncodersAreNotTakenOver() throws IOException {
        for (boolean other : new boolean[] {false, true}) {
            target = scratch.path().resolve("target" + other);
            int[] left = {9};
            expectThrows(
                    Killed.class,
                    () ->
                            run(
                                    source,
                                    target,
                                    PLAIN,
                                    (done, total) -> {
                                        if (left[0]-- == 0) {
                                            throw new Killed();
                                        }
                                    }));
            if (other) {
                Path journal =
                        target.resolveSibling("." + target.getFileName() + ".partial")
                                .resolve("journal");
                String text = Files.readString(journal);
                Files.writeString(journal, text.replace("encoders 1,", "encoders 0,"));
            }
            assertEquals(run(source, target, PLAIN, SILENT).resumedGroups() > 0, !other);
        }
    }

    /** Without the directory that it works in, nothing can be cleaned up either. */
    @Test
    public void aFailureToCleanUpDoesNotHideTheCause() {
        Path weights = source.resolve("model.safetensors");
        CheckpointException e =
                expectThrows(
                        CheckpointException.class,
                        () ->
                                run(
                                        source,
                                        target,
                                        PLAIN,
                                        (done, total) -> {
                                            if (done == total) {
                                                hinderCleaning(weights);
                                            }
                                        }));
        assertTrue(e.getMessage().contains("was changed while"), e.getMessage());
        assertTrue(e.getSuppressed().length > 0);
        assertFalse(Files.exists(target));
    }

    private void hinderCleaning(Path weights) {
        try {
            Files.setLastModifiedTime(weights, FileTime.fromMillis(77));
            Path packed = target.resolveSibling(".target.partial").resolve("packed");
            Files.createDirectories(packed.resolve("full/of"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
