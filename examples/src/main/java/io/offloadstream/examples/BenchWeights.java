/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import io.offloadstream.model.Conversion;
import io.offloadstream.model.ConversionOptions;
import io.offloadstream.quant.Packing;
import io.offloadstream.quant.Quantization;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A checkpoint to run, and how its weights are stored.
 *
 * @param name one of {@link #NAMES}
 * @param original the checkpoint that was generated
 * @param directory it, or its packed copy
 */
record BenchWeights(String name, Path original, Path directory) {

    /** What can be timed. */
    static final List<String> NAMES = List.of("bf16", "lossless", "int8", "int4");

    /**
     * Finds a checkpoint, or makes a packed copy, beside the original and named by its size:
     * another shape has another.
     *
     * @param name one of {@link #NAMES}
     * @param original of bf16 weights
     * @param out told if a copy is made
     */
    static BenchWeights make(String name, Path original, PrintWriter out) {
        if (name.equals("bf16")) {
            return new BenchWeights(name, original, original);
        }
        try {
            long bytes = Files.size(original.resolve(SyntheticCheckpoint.FILE));
            Path copy = original.resolve(name + "-" + bytes);
            if (!Files.exists(copy)) {
                out.println("making " + copy + " ...");
                out.flush();
                Conversion.run(original, copy, options(name), (done, total) -> {});
            }
            return new BenchWeights(name, original, copy);
        } catch (IOException e) {
            throw new UncheckedIOException("no " + name + " copy of " + original + ": " + e, e);
        }
    }

    private static ConversionOptions options(String name) {
        Quantization quantization =
                switch (name) {
                    case "int8" -> Quantization.INT8;
                    case "int4" -> Quantization.INT4;
                    default -> Quantization.NONE;
                };
        int threads = Runtime.getRuntime().availableProcessors();
        return new ConversionOptions(null, quantization, Packing.LOSSLESS, threads);
    }
}
