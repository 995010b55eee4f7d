/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import static org.testng.Assert.expectThrows;

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
import org.testng.annotations.AfterMethod;
import org.testng.annotations.BeforeMethod;

/** A small model to convert, and where its copies go. */
public abstract class ConversionFixture {

    static final ConversionOptions PLAIN =
            new ConversionOptions(null, Quantization.NONE, Packing.NONE, 2);
    static final ConversionOptions LOSSLESS =
            new ConversionOptions(null, Quantization.NONE, Packing.LOSSLESS, 2);
    static final ConversionProgress SILENT = (done, total) -> {};
    private static final long SEED = 11;

    ScratchDirectory scratch;
    Path source;
    Path target;

    /** Makes the model. */
    @BeforeMethod
    public void open() {
        scratch = new ScratchDirectory("conversion");
        source = scratch.path().resolve("source");
        target = scratch.path().resolve("target");
        try {
            Files.createDirectory(source);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        SyntheticLlama.TINY.write(source, SEED);
    }

    /** Deletes all of it. */
    @AfterMethod(alwaysRun = true)
    public void close() {
        if (scratch != null) {
            scratch.close();
        }
    }

    static ConversionReport run(
            Path source, Path target, ConversionOptions options, ConversionProgress progress) {
        try {
            return Conversion.run(source, target, options, progress);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A conversion that is ended by its progress, as a full disk or a crash would. */
    private static final class Killed extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    /** Converts the model, and ends the conversion after some steps of its progress. */
    void runAndEnd(ConversionOptions options, int steps) {
        int[] left = {steps};
        expectThrows(
                Killed.class,
                () ->
                        run(
                                source,
                                target,
                                options,
                                (done, total) -> {
                                    if (left[0]-- == 0) {
                                        throw new Killed();
                                    }
                                }));
    }
}
