/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import io.offloadstream.platform.MemorySize;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The cases of the CPU: a prompt and decoding with all weights in memory, the latter also after a
 * long text, and decoding with a budget that does not hold them. Each case measures its limit
 * between its rounds.
 */
final class HostBench {

    private static final double GIGA = 1e9;

    private final PrintWriter out;
    private final LlamaShape shape;
    private final BenchReport report = new BenchReport();
    private final int tokens;
    private final int prompt;
    private final String hostMemory;
    private final int context;
    private final DecodeFlags decoding;

    /**
     * Prepares a run.
     *
     * @param out what is going on
     * @param shape of every checkpoint
     * @param tokens decoded in each case
     * @param prompt tokens of the prompt in memory
     * @param context tokens before those of another decoding in memory, 0 for none
     * @param hostMemory budget of the streamed case
     * @param decoding flags of every case
     */
    HostBench(
            PrintWriter out,
            LlamaShape shape,
            int tokens,
            int prompt,
            int context,
            String hostMemory,
            DecodeFlags decoding) {
        this.out = out;
        this.shape = shape;
        this.tokens = tokens;
        this.prompt = prompt;
        this.context = context;
        this.hostMemory = hostMemory;
        this.decoding = decoding;
    }

    /**
     * Runs all cases.
     *
     * @param checkpoints to run, and what their weights are called
     * @return the figures
     */
    BenchReport run(List<BenchWeights> checkpoints) throws InterruptedException {
        Map<Path, DiskSetting> disks = new HashMap<>();
        List<String> memoryFlags = List.of("--prompt=" + prompt, "--context=" + context);
        List<BenchPair> results = new ArrayList<>();
        for (BenchWeights weights : checkpoints) {
            say(weights.name() + " in memory");
            BenchResult memory = run(weights, memoryFlags);
            say(weights.name() + " with hostMemory=" + hostMemory);
            DiskSetting disk = disks.computeIfAbsent(weights.directory(), DiskSetting::find);
            List<String> streamedFlags = new ArrayList<>(disk.flags());
            streamedFlags.add("--host-memory=" + hostMemory);
            BenchResult streamed = run(weights, streamedFlags);
            results.add(new BenchPair(weights, memory, streamed));
        }
        out.printf(Locale.ROOT, "computed with %s%n%n", results.get(0).memory().text("backend"));
        for (BenchPair pair : results) {
            inMemory(pair.weights(), pair.memory());
            streamed(pair.weights(), pair.streamed());
        }
        return report;
    }

    private BenchResult run(BenchWeights weights, List<String> flags) throws InterruptedException {
        List<String> all = new ArrayList<>(flags);
        all.add("--compute-type=" + weights.computeType());
        all.addAll(decoding.flags());
        return BenchProcess.run(weights.directory(), tokens, all);
    }

    /** The two cases of one checkpoint. */
    private record BenchPair(BenchWeights weights, BenchResult memory, BenchResult streamed) {}

    private void say(String text) {
        out.println(text + " ...");
        out.flush();
    }

    private void inMemory(BenchWeights weights, BenchResult result) {
        if (result.number("streamedBytes") > 0) {
            report.note(
                    String.format(
                            Locale.ROOT,
                            "%s in memory: left out, %s of weights do not fit the %s that are"
                                    + " available",
                            weights.name(),
                            MemorySize.format(result.number("weightBytes")),
                            MemorySize.format(result.number("budgetBytes"))));
            return;
        }
        if (result.has("cutLimitBytes")) {
            report.note(
                    String.format(
                            Locale.ROOT,
                            "%s in memory: reads of memory are those of %s, beside the weights"
                                    + " there is no memory for more",
                            weights.name(),
                            MemorySize.format(result.number("cutLimitBytes"))));
        }
        decode("decode " + weights.name() + " in memory", "decode", result);
        peak("decode " + weights.name() + " in memory", result);
        String workload = "prefill of " + prompt + ", " + weights.name();
        List<Double> seconds = result.decimals("promptSeconds");
        speed(workload, seconds, prompt);
        products(
                workload,
                seconds,
                weights.isFloat32() ? result.decimals("promptLimits") : List.of());
        if (result.has("contextSeconds")) {
            workload = "decode " + weights.name() + " after " + context;
            decode(workload, "context", result);
            BenchRounds outside = new BenchRounds(result.decimals("contextOutside"), List.of());
            outside = outside.map(share -> 100 * share);
            report.add(BenchFigure.of(workload, "outside weight products", outside, "%"));
            double read = result.number("contextKvBytes") / GIGA;
            report.add(BenchFigure.of(workload, "keys and values per token", read, "GB"));
        }
    }

    /** Other activations than float32 are not bounded by float32 multiply-adds. */
    private void products(String workload, List<Double> seconds, List<Double> limits) {
        BenchRounds rounds =
                new BenchRounds(seconds, limits)
                        .map(s -> shape.operations(prompt) / s / GIGA, f -> f / GIGA);
        report.add(
                rounds.isBounded()
                        ? new BenchFigure(
                                workload, "products", "GFLOP/s", rounds, "float32 multiply-adds")
                        : BenchFigure.of(workload, "products", rounds, "GOP/s"));
    }

    private void decode(String workload, String name, BenchResult result) {
        speed(workload, result.decimals(name + "Seconds"), 1);
        rates(workload, "weights read", name, result, "memory reads");
    }

    private void rates(
            String workload, String figure, String name, BenchResult result, String limitName) {
        BenchRounds rounds =
                new BenchRounds(result.decimals(name + "Rates"), result.decimals(name + "Limits"));
        rounds = rounds.map(rate -> rate / GIGA, limit -> limit / GIGA);
        report.add(new BenchFigure(workload, figure, "GB/s", rounds, limitName));
    }

    private void speed(String workload, List<Double> seconds, int tokensOfRound) {
        BenchRounds rounds = new BenchRounds(seconds, List.of()).map(s -> tokensOfRound / s);
        report.add(BenchFigure.of(workload, "speed", rounds, "tokens/s"));
    }

    private void streamed(BenchWeights weights, BenchResult result) {
        String workload = "decode " + weights.name() + ", hostMemory=" + hostMemory;
        if (result.number("streamedBytes") == 0) {
            report.note(workload + ": left out, all of it fits");
            return;
        }
        if (!result.text("isPaceSettled").equals("true")) {
            report.note(
                    workload
                            + ": the pace of reads had not settled, at "
                            + result.text("pace")
                            + "; rounds may be of paces that were only tried, and --settle-seconds"
                            + " gives the search longer");
        }
        double read = (double) result.number("readBytes") / tokens;
        speed(workload, result.decimals("decodeSeconds"), 1);
        rates(workload, "disk read", "decode", result, "direct reads");
        report.add(BenchFigure.of(workload, "disk read per token", read / GIGA, "GB"));
        double readers = 1e3 * result.decimal("readerCpuSecondsPerToken");
        report.add(BenchFigure.of(workload, "readers' CPU time per token", readers, "ms"));
        peak(workload, result);
    }

    private void peak(String workload, BenchResult result) {
        if (result.has("peakRssBytes")) {
            double gigabytes = result.number("peakRssBytes") / GIGA;
            report.add(BenchFigure.of(workload, "peak RSS", gigabytes, "GB"));
        }
    }
}
