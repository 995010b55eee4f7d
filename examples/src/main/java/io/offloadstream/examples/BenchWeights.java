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
 * @param name one of {@link #NAMES}, and what activations are taken in if not in float32
 * @param directory the checkpoint that was generated, or its packed copy
 * @param computeType type of activations
 */
record BenchWeights(String name, Path directory, String computeType) {

    /** What can be timed. */
    static final List<String> NAMES = List.of("bf16", "lossless", "int8", "int4");

    private static final String FLOAT32 = "float32";

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
            return new BenchWeights(name, original, FLOAT32);
        }
        try {
            long bytes = Files.size(original.resolve(SyntheticCheckpoint.FILE));
            Path copy = original.resolve(name + "-" + bytes);
            if (!Files.exists(copy)) {
                out.println("making " + copy + " ...");
                out.flush();
                Conversion.run(original, copy, options(name), (done, total) -> {});
            }
            return new BenchWeights(name, copy, FLOAT32);
        } catch (IOException e) {
            throw new UncheckedIOException("no " + name + " copy of " + original + ": " + e, e);
        }
    }

    /**
     * Whether weights of that name are timed once more with activations of that type: not for
     * float32, which all are timed with.
     */
    static boolean takes(String name, String type) {
        return switch (type) {
            case "bfloat16" -> name.equals("bf16") || name.equals("lossless");
            case "int8" -> name.equals("int8") || name.equals("int4");
            default -> false;
        };
    }

    /** The same weights with activations of that type, which is also added to the name. */
    BenchWeights with(String type) {
        return new BenchWeights(name + " with " + type + " activations", directory, type);
    }

    /** Whether products are sums of float32 multiply-adds. */
    boolean isFloat32() {
        return computeType.equals(FLOAT32);
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
