/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import io.offloadstream.model.Conversion;
import io.offloadstream.model.ConversionOptions;
import io.offloadstream.model.ConversionReport;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.MemorySize;
import io.offloadstream.quant.Packing;
import io.offloadstream.quant.Quantization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes a packed copy of a model. */
@Command(
        name = "convert",
        sortOptions = false,
        description = {
            "Makes a packed copy of a model: weights in the order in which they stream, each group"
                    + " one extent of a file, with checksums, possibly in a shorter type.",
            "It loads wherever the original does. A conversion that was ended goes on where it was"
                    + " when it is started again."
        })
final class ConvertCommand extends ConsoleCommand implements Callable<Integer> {

    @Parameters(
            index = "0",
            paramLabel = "MODEL_DIR",
            description = "Model directory as the Hugging Face hub publishes it.")
    private Path source;

    @Parameters(
            index = "1",
            paramLabel = "TARGET_DIR",
            description = "Where the copy goes; must not exist.")
    private Path target;

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            description =
                    "Round matrices to f32, f16 or bf16. Default: as they are. Norms and biases"
                            + " always stay as they are.")
    private String type;

    @Option(
            names = "--quantize",
            paramLabel = "TYPE",
            defaultValue = "none",
            description =
                    "Quantise matrices in blocks of 32 weights with a scale: int8 (GGUF's Q8_0,"
                            + " 8.5 bits a weight), int4 (Q4_0, 4.5 bits), none. Default:"
                            + " ${DEFAULT-VALUE}.")
    private String quantize;

    @Option(
            names = "--pack",
            paramLabel = "HOW",
            defaultValue = "lossless",
            description =
                    "Pack matrices that are bf16 to 12 bits a weight without loss (lossless), where"
                            + " that makes them smaller, or not (none). Those that are stored (in,"
                            + " out), as GPT-2's, are never packed. Default: ${DEFAULT-VALUE}.")
    private String pack;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads that compute. Default: the processors.")
    private Integer threads;

    @Override
    public Integer call() throws IOException {
        try (ProgressBar bar = ProgressBar.on(err())) {
            convert(bar);
        }
        return 0;
    }

    /** Converts and prints the report behind the bar. */
    void convert(ProgressBar bar) throws IOException {
        if (!Files.isDirectory(source)) {
            throw usage(source + " is no directory");
        }
        int most = Runtime.getRuntime().availableProcessors();
        if (threads != null && (threads < 1 || threads > 256)) {
            throw usage("--threads is 1 to 256, not " + threads);
        }
        ConversionOptions options =
                new ConversionOptions(
                        dtype(), quantization(), packing(), threads == null ? most : threads);
        long begin = System.nanoTime();
        ConversionReport report =
                Conversion.run(
                        source,
                        target,
                        options,
                        (done, total) -> bar.advanced(mebibytes(done), mebibytes(total)));
        bar.finish();
        print(report, (System.nanoTime() - begin) / 1e9);
    }

    private static int mebibytes(long bytes) {
        return Math.toIntExact(Math.max(1, bytes >> 20));
    }

    private DType dtype() {
        if (type == null) {
            return null;
        }
        return switch (type.toLowerCase(Locale.ROOT)) {
            case "f32" -> DType.F32;
            case "f16" -> DType.F16;
            case "bf16" -> DType.BF16;
            default -> throw usage("--dtype " + type + " is not known; valid: f32, f16, bf16");
        };
    }

    private Quantization quantization() {
        return switch (quantize.toLowerCase(Locale.ROOT)) {
            case "none" -> Quantization.NONE;
            case "int8" -> Quantization.INT8;
            case "int4" -> Quantization.INT4;
            default ->
                    throw usage(
                            "--quantize " + quantize + " is not known; valid: int8, int4, none");
        };
    }

    private Packing packing() {
        return switch (pack.toLowerCase(Locale.ROOT)) {
            case "none" -> Packing.NONE;
            case "lossless" -> Packing.LOSSLESS;
            default -> throw usage("--pack " + pack + " is not known; valid: lossless, none");
        };
    }

    private void print(ConversionReport report, double seconds) {
        out().printf(
                        Locale.ROOT,
                        "%s: %d groups, %s of %s (%.0f %%), %.1f s%n",
                        target,
                        report.groups(),
                        MemorySize.format(report.storedBytes()),
                        MemorySize.format(report.sourceBytes()),
                        100.0 * report.storedBytes() / report.sourceBytes(),
                        seconds);
        if (report.resumedGroups() > 0) {
            out().printf(
                            Locale.ROOT,
                            "%d groups were there from a conversion that was ended%n",
                            report.resumedGroups());
        }
        if (!report.kept().isEmpty()) {
            out().printf(
                            Locale.ROOT,
                            "%d matrices keep their type, for they are stored (in, out) or their"
                                    + " rows are no whole blocks: %s%s%n",
                            report.kept().size(),
                            report.kept().get(0),
                            report.kept().size() > 1 ? ", ..." : "");
        }
        if (report.unused() > 0) {
            out().printf(
                            Locale.ROOT,
                            "%d tensors that the model does not have were left out%n",
                            report.unused());
        }
    }
}
