/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import io.offloadstream.device.Backend;
import io.offloadstream.device.ProductPeak;
import io.offloadstream.model.MachineSpeed;
import io.offloadstream.model.ModelOptions;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.plan.Bandwidths;
import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.stream.StreamStats;
import io.offloadstream.stream.StreamStats.PassRecord;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** One case of the benchmark; prints what it measured as {@code name=value} lines. */
@Command(
        name = "bench-case",
        hidden = true,
        description = "Runs one case of the benchmark in this process.")
final class BenchCaseCommand extends ConsoleCommand implements Callable<Integer> {

    private static final int PROMPT_TOKENS = 16;

    /** Passes before the clock starts: pages are mapped, code is compiled, the ring is full. */
    private static final int WARM_UP_TOKENS = 3;

    /** More of them until the pace of the reads has settled, but no more than this. */
    private static final int MOST_WARM_UP_TOKENS = 60;

    private static final long MOST_WARM_UP_NANOS = 30_000_000_000L;

    private static final Path STATUS = Path.of("/proc/self/status");

    @Option(names = "--directory", required = true)
    private Path directory;

    @Option(names = "--host-memory", description = "Default: all that the machine has.")
    private String hostMemory;

    @Option(names = "--tokens", required = true)
    private int tokens;

    @Option(names = "--prompt", description = "Tokens of a prompt to be timed too.")
    private int prompt;

    @Mixin private BenchDevice device;

    @Override
    public Integer call() throws IOException {
        Map<String, String> values = new LinkedHashMap<>();
        int length = Math.max(2 * prompt, PROMPT_TOKENS) + MOST_WARM_UP_TOKENS + tokens;
        values.put("maxSequenceLength", Integer.toString(length));
        if (hostMemory != null) {
            values.put("hostMemory", hostMemory);
        }
        if (hostMemory != null || device.isAsked()) {
            values.put("io", "direct");
        }
        device.addTo(values);
        ModelOptions options = ModelOptions.parse(values);
        try (StreamedModel model = StreamedModel.open(directory, options)) {
            ResidencyPlan plan = model.plan();
            long streamed = plan.isMapped() ? 0 : plan.streamedBytesPerPass();
            print("backend", model.backendName());
            print("budgetBytes", plan.hostMemoryBytes());
            print("weightBytes", plan.computedBytesPerPass());
            print("streamedBytes", streamed);
            if (hostMemory != null || streamed == 0 || device.memory() != null) {
                time(model);
            }
            if (prompt > 0) {
                timePrompt(model);
            }
        }
        // before bandwidths are measured, for that takes memory of its own
        printPeak();
        if (device.isAsked()) {
            printDevice(options);
        }
        return 0;
    }

    private void time(StreamedModel model) {
        try (TokenRun run = new TokenRun(model)) {
            int token = run.next(TokenRun.prompt(PROMPT_TOKENS, model.decoder().vocabSize()));
            int warm = 0;
            long latest = System.nanoTime() + MOST_WARM_UP_NANOS;
            while (warm < WARM_UP_TOKENS
                    || (isSettling(model.stats())
                            && warm < MOST_WARM_UP_TOKENS
                            && System.nanoTime() - latest < 0)) {
                token = run.next(token);
                warm++;
            }
            long begin = System.nanoTime();
            for (int i = 0; i < tokens; i++) {
                token = run.next(token);
            }
            double seconds = (System.nanoTime() - begin) / 1e9;
            StreamStats stats = model.stats();
            List<PassRecord> passes = stats.recentPasses();
            long bytes = 0;
            long hostBytes = 0;
            for (PassRecord pass : passes.subList(passes.size() - tokens, passes.size())) {
                bytes += pass.bytes();
                hostBytes += pass.hostBytes();
            }
            print("copiedFromHostBytes", hostBytes);
            print("copyOverlap", stats.copyOverlap());
            print("secondsPerToken", seconds / tokens);
            print("readBytes", bytes);
            print("pace", stats.pace());
            print("isPaceSettled", stats.isPaceSettled());
        }
    }

    private static boolean isSettling(StreamStats stats) {
        return stats.read().requests() > 0 && !stats.isPaceSettled();
    }

    /** The second of two prompts: the first compiles and makes memory. */
    private void timePrompt(StreamedModel model) {
        for (int i = 0; i < 2; i++) {
            try (TokenRun run = new TokenRun(model)) {
                long begin = System.nanoTime();
                run.next(TokenRun.prompt(prompt, model.decoder().vocabSize()));
                if (i == 1) {
                    print("secondsPerPrompt", (System.nanoTime() - begin) / 1e9);
                }
            }
        }
    }

    private void printDevice(ModelOptions options) {
        try (Backend backend = options.openBackend()) {
            if (backend.computesInHostMemory()) {
                return;
            }
            Path file = directory.resolve(SyntheticCheckpoint.FILE);
            Bandwidths measured = MachineSpeed.measure(backend, file);
            print("busBandwidth", (long) measured.busBytesPerSecond());
            print("deviceBandwidth", (long) measured.deviceBytesPerSecond());
            if (prompt > 0) {
                backend.measureProductPeak().ifPresent(this::printPeak);
            }
        }
    }

    private void printPeak(ProductPeak peak) {
        print("productPeak", (long) peak.operationsPerSecond());
        print("productUnits", peak.units());
    }

    private void printPeak() throws IOException {
        if (!Files.isReadable(STATUS)) {
            return;
        }
        for (String line : Files.readAllLines(STATUS, StandardCharsets.US_ASCII)) {
            if (line.startsWith("VmHWM:")) {
                print("peakRssBytes", Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024);
            }
        }
    }

    private void print(String name, Object value) {
        out().println(name + "=" + value);
    }
}
