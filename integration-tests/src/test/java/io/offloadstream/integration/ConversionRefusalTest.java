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
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.testng.annotations.Test;

/** What a conversion does not take over, and what it says when it cannot clean up. */
public class ConversionRefusalTest extends ConversionFixture {

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
            runAndEnd(PLAIN, 9);
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
