/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import io.offloadstream.model.MemorySize;
import io.offloadstream.platform.OffloadStreamException;
import io.offloadstream.stream.StreamStats;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Times decoding with all weights in memory and with a budget that does not hold them, beside the
 * bandwidths that bound it. Each case runs in a JVM of its own, so that its peak memory is its own.
 */
@Command(
        name = "bench",
        sortOptions = false,
        description = {
            "Times a Llama of random weights (default: Llama 3.2 1B, 2.47 GB), in memory and"
                    + " streamed, beside the bandwidths of memory and disk.",
        })
final class BenchCommand extends ConsoleCommand implements Callable<Integer> {

    private static final long SEED = 20260121;

    @Option(
            names = "--directory",
            paramLabel = "DIR",
            description = "Where the checkpoint is made once, and kept. Default: ${DEFAULT-VALUE}.",
            defaultValue = "${sys:user.home}/.cache/offloadstream/bench")
    private Path directory;

    @Option(
            names = "--size",
            paramLabel = "SIZE",
            description = "Another size of checkpoint, such as 8GB; at least 8MB.")
    private String size;

    @Option(
            names = "--host-memory",
            paramLabel = "SIZE",
            defaultValue = "1.4GB",
            description = "Budget of the streamed case. Default: ${DEFAULT-VALUE}.")
    private String hostMemory;

    @Option(
            names = "--tokens",
            paramLabel = "N",
            defaultValue = "16",
            description = "Tokens timed in each case. Default: ${DEFAULT-VALUE}.")
    private int tokens;

    @Override
    public Integer call() throws InterruptedException {
        LlamaShape shape = size == null ? LlamaShape.LLAMA_1B : shape(size);
        if (tokens < 1 || tokens > StreamStats.MOST_RECENT_PASSES) {
            throw usage(
                    "--tokens must be 1 to " + StreamStats.MOST_RECENT_PASSES + ", is " + tokens);
        }
        parse(Map.of("hostMemory", hostMemory));
        refuseMemoryDisk();
        new SyntheticCheckpoint(shape, SEED).make(directory, out());

        BenchResult memory = BenchProcess.run(directory, null, tokens);
        out().printf(Locale.ROOT, "computing with %s%n%n", memory.text("backend"));
        printInMemory(memory, shape);
        out().println();
        out().flush();
        BenchResult streamed = BenchProcess.run(directory, hostMemory, tokens);
        printStreamed(streamed);
        return 0;
    }

    private void refuseMemoryDisk() {
        try {
            Files.createDirectories(directory);
            String type = Files.getFileStore(directory).type();
            if (type.equals("tmpfs") || type.equals("ramfs")) {
                throw new OffloadStreamException(
                        directory
                                + " is on "
                                + type
                                + ", which is memory: reading it says nothing about a disk; name"
                                + " another place with --directory");
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the directory " + directory + " cannot be used", e);
        }
    }

    private void printInMemory(BenchResult result, LlamaShape shape) {
        out().println("(a) all in memory");
        if (result.number("streamedBytes") > 0) {
            out().printf(
                            "    n/a: %s of weights do not fit the %s that this machine has available%n",
                            MemorySize.format(shape.sizeBytes()),
                            MemorySize.format(result.number("budgetBytes")));
            return;
        }
        double seconds = result.decimal("secondsPerToken");
        double rate = result.number("weightBytes") / seconds;
        out().printf(
                        Locale.ROOT,
                        "    decode             %.2f tokens/s (%.3f s/token)%n"
                                + "    weights            %s/s = %.0f %% of memory read bandwidth, %s/s%n"
                                + "    read from disk     %s per token%n"
                                + "    peak RSS           %s%n",
                        1 / seconds,
                        seconds,
                        MemorySize.format((long) rate),
                        100 * rate / result.number("memoryBandwidth"),
                        MemorySize.format(result.number("memoryBandwidth")),
                        MemorySize.format(result.number("readBytes") / tokens),
                        peak(result));
    }

    private void printStreamed(BenchResult result) {
        double seconds = result.decimal("secondsPerToken");
        long perToken = result.number("readBytes") / tokens;
        double rate = perToken / seconds;
        out().printf("(b) hostMemory=%s%n", hostMemory);
        out().printf(
                        Locale.ROOT,
                        "    decode             %.3f s/token (%.2f tokens/s)%n"
                                + "    read from disk     %s per token; not resident: %s of %s%n"
                                + "    embedding rows     %s per token on top%n"
                                + "    read rate          %s/s = %.0f %% of direct read bandwidth, %s/s%n"
                                + "    peak RSS           %s%s%n",
                        seconds,
                        1 / seconds,
                        MemorySize.format(perToken),
                        MemorySize.format(result.number("streamedBytes")),
                        MemorySize.format(result.number("weightBytes")),
                        MemorySize.format(result.number("rowBytes") / tokens),
                        MemorySize.format((long) rate),
                        100 * rate / result.number("diskBandwidth"),
                        MemorySize.format(result.number("diskBandwidth")),
                        peak(result),
                        overBudget(result));
        if (result.number("readBytes") != tokens * result.number("streamedBytes")) {
            throw new OffloadStreamException(
                    tokens
                            + " tokens read "
                            + result.number("readBytes")
                            + " bytes, but "
                            + tokens * result.number("streamedBytes")
                            + " are what is not resident");
        }
    }

    private static String overBudget(BenchResult result) {
        if (!result.has("peakRssBytes")) {
            return "";
        }
        long over = result.number("peakRssBytes") - result.number("budgetBytes");
        return over < 0 ? ", within the budget" : " = budget + " + MemorySize.format(over);
    }

    private static String peak(BenchResult result) {
        return result.has("peakRssBytes")
                ? MemorySize.format(result.number("peakRssBytes"))
                : "n/a";
    }
}
