/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import io.offloadstream.platform.MemorySize;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The cases of the CPU: a prompt and decoding with all weights in memory, and decoding with a
 * budget that does not hold them. The limits are measured before and after, the best counts.
 */
final class HostBench {

    private static final double GIGA = 1e9;

    private final PrintWriter out;
    private final LlamaShape shape;
    private final BenchReport report = new BenchReport();
    private final int tokens;
    private final int prompt;
    private final String hostMemory;
    private BenchLimits limits;

    /**
     * Prepares a run.
     *
     * @param out what is going on
     * @param shape of every checkpoint
     * @param tokens decoded in each case
     * @param prompt tokens of the prompt in memory
     * @param hostMemory budget of the streamed case
     */
    HostBench(PrintWriter out, LlamaShape shape, int tokens, int prompt, String hostMemory) {
        this.out = out;
        this.shape = shape;
        this.tokens = tokens;
        this.prompt = prompt;
        this.hostMemory = hostMemory;
    }

    /**
     * Runs all cases.
     *
     * @param checkpoints to run, and what their weights are called
     * @return the figures
     */
    BenchReport run(List<BenchWeights> checkpoints) throws InterruptedException {
        Path file = checkpoints.get(0).original().resolve(SyntheticCheckpoint.FILE);
        say("measuring memory, arithmetic and disk");
        limits = BenchLimits.measure(file);
        List<BenchPair> results = new ArrayList<>();
        for (BenchWeights weights : checkpoints) {
            say(weights.name() + " in memory");
            String type = "--compute-type=" + weights.computeType();
            BenchResult memory =
                    BenchProcess.run(
                            weights.directory(), tokens, List.of("--prompt=" + prompt, type));
            say(weights.name() + " with hostMemory=" + hostMemory);
            BenchResult streamed =
                    BenchProcess.run(
                            weights.directory(),
                            tokens,
                            List.of("--host-memory=" + hostMemory, type));
            results.add(new BenchPair(weights, memory, streamed));
        }
        say("measuring memory, arithmetic and disk again");
        limits = limits.best(BenchLimits.measure(file));
        out.printf(Locale.ROOT, "computed with %s%n%n", results.get(0).memory().text("backend"));
        for (BenchPair pair : results) {
            inMemory(pair.weights(), pair.memory());
            streamed(pair.weights(), pair.streamed());
        }
        return report;
    }

    /** The two cases of one checkpoint. */
    private record BenchPair(BenchWeights weights, BenchResult memory, BenchResult streamed) {}

    private void say(String text) {
        out.println(text + " ...");
        out.flush();
    }

    private void inMemory(BenchWeights weights, BenchResult result) {
        if (result.number("streamedBytes") > 0) {
            out.printf(
                    Locale.ROOT,
                    "%s in memory: left out, %s of weights do not fit the %s that are available%n",
                    weights.name(),
                    MemorySize.format(result.number("weightBytes")),
                    MemorySize.format(result.number("budgetBytes")));
            return;
        }
        String workload = "decode " + weights.name() + " in memory";
        double seconds = result.decimal("secondsPerToken");
        report.add(BenchFigure.of(workload, "speed", 1 / seconds, "tokens/s"));
        report.add(
                new BenchFigure(
                        workload,
                        "weights read",
                        result.number("weightBytes") / seconds / GIGA,
                        "GB/s",
                        "memory reads",
                        limits.memoryBytesPerSecond() / GIGA));
        peak(workload, result);
        workload = "prefill of " + prompt + ", " + weights.name();
        double prefill = result.decimal("secondsPerPrompt");
        report.add(BenchFigure.of(workload, "speed", prompt / prefill, "tokens/s"));
        double products = shape.operations(prompt) / prefill / GIGA;
        if (weights.isFloat32()) {
            report.add(
                    new BenchFigure(
                            workload,
                            "products",
                            products,
                            "GFLOP/s",
                            "float32 multiply-adds",
                            limits.flopsPerSecond() / GIGA));
        } else {
            report.add(BenchFigure.of(workload, "products", products, "GOP/s"));
        }
    }

    private void streamed(BenchWeights weights, BenchResult result) {
        String workload = "decode " + weights.name() + ", hostMemory=" + hostMemory;
        if (result.number("streamedBytes") == 0) {
            out.println(workload + ": left out, all of it fits");
            return;
        }
        if (!result.text("isPaceSettled").equals("true")) {
            out.println(
                    workload + ": the pace of reads had not settled, at " + result.text("pace"));
        }
        double read = (double) result.number("readBytes") / tokens;
        double seconds = result.decimal("secondsPerToken");
        report.add(BenchFigure.of(workload, "speed", 1 / seconds, "tokens/s"));
        report.add(
                new BenchFigure(
                        workload,
                        "disk read",
                        read / seconds / GIGA,
                        "GB/s",
                        "direct reads",
                        limits.diskBytesPerSecond() / GIGA));
        report.add(BenchFigure.of(workload, "disk read per token", read / GIGA, "GB"));
        peak(workload, result);
    }

    private void peak(String workload, BenchResult result) {
        if (result.has("peakRssBytes")) {
            double gigabytes = result.number("peakRssBytes") / GIGA;
            report.add(BenchFigure.of(workload, "peak RSS", gigabytes, "GB"));
        }
    }
}
