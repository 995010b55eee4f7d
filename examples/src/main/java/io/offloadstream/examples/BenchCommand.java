/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import io.offloadstream.platform.MemorySize;
import io.offloadstream.platform.OffloadStreamException;
import io.offloadstream.stream.StreamStats;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
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

    @Mixin private BenchDevice device;

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

        if (device.isAsked()) {
            String deviceMemory = device.memory() == null ? hostMemory : device.memory();
            new DeviceBench(out(), directory, tokens, device).run(deviceMemory, hostMemory);
            return 0;
        }
        BenchResult memory = BenchProcess.run(directory, tokens, List.of());
        out().printf(Locale.ROOT, "computing with %s%n%n", memory.text("backend"));
        printInMemory(memory, shape);
        out().println();
        out().flush();
        BenchResult streamed =
                BenchProcess.run(directory, tokens, List.of("--host-memory=" + hostMemory));
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
            line(
                    "n/a",
                    size(shape.sizeBytes())
                            + " of weights do not fit the "
                            + size(result.number("budgetBytes"))
                            + " that this machine has available");
            return;
        }
        double seconds = result.decimal("secondsPerToken");
        double rate = result.number("weightBytes") / seconds;
        line("decode", fixed(1 / seconds) + " tokens/s, " + fixed(seconds) + " s/token");
        line("weights", share(rate, result.number("memoryBandwidth"), "memory read bandwidth"));
        line("read from disk", size(result.number("readBytes") / tokens) + " per token");
        line("peak RSS", peak(result) + ", mapped weights included");
    }

    private void printStreamed(BenchResult result) {
        out().println("(b) hostMemory=" + hostMemory);
        double seconds = result.decimal("secondsPerToken");
        long perToken = result.number("readBytes") / tokens;
        long planned = result.number("streamedBytes");
        line("decode", fixed(seconds) + " s/token, " + fixed(1 / seconds) + " tokens/s");
        line(
                "read from disk",
                size(perToken)
                        + " per token; not resident: "
                        + size(planned)
                        + " of "
                        + size(result.number("weightBytes")));
        line("embedding rows", size(result.number("rowBytes") / tokens) + " per token on top");
        double rate = perToken / seconds;
        line("read rate", share(rate, result.number("diskBandwidth"), "direct read bandwidth"));
        line("peak RSS", peak(result) + overBudget(result));
        if (result.number("readBytes") != tokens * planned) {
            throw new OffloadStreamException(
                    tokens
                            + " tokens read "
                            + result.number("readBytes")
                            + " bytes, but "
                            + tokens * planned
                            + " are what is not resident");
        }
    }

    private void line(String label, String text) {
        out().printf(Locale.ROOT, "    %-16s %s%n", label, text);
    }

    static String share(double bytesPerSecond, long limit, String name) {
        long percent = Math.round(100 * bytesPerSecond / limit);
        return size((long) bytesPerSecond)
                + "/s = "
                + percent
                + " % of the "
                + name
                + ", "
                + size(limit)
                + "/s";
    }

    private static String overBudget(BenchResult result) {
        if (!result.has("peakRssBytes")) {
            return "";
        }
        long over = result.number("peakRssBytes") - result.number("budgetBytes");
        return over < 0 ? ", within the budget" : " = budget + " + size(over);
    }

    private static String peak(BenchResult result) {
        return result.has("peakRssBytes") ? size(result.number("peakRssBytes")) : "n/a";
    }

    private static String size(long bytes) {
        return MemorySize.format(bytes);
    }

    private static String fixed(double value) {
        return String.format(Locale.ROOT, "%.3f", value);
    }
}
