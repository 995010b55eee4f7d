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
 * The cases of a device with memory of its own: weights there, kept by the host, on the disk; and a
 * prompt. Each beside the limit that the same process has measured.
 */
final class DeviceBench {

    private static final int PROMPT_TOKENS = 512;
    private static final int BF16_BYTES = 2;

    private final PrintWriter out;
    private final Path directory;
    private final int tokens;
    private final BenchDevice device;

    DeviceBench(PrintWriter out, Path directory, int tokens, BenchDevice device) {
        this.out = out;
        this.directory = directory;
        this.tokens = tokens;
        this.device = device;
    }

    void run(String deviceMemory, String hostMemory) throws InterruptedException {
        List<String> flags = new ArrayList<>(device.flags(null, null));
        flags.add("--prompt=" + PROMPT_TOKENS);
        BenchResult resident = BenchProcess.run(directory, tokens, flags);
        out.printf(Locale.ROOT, "computing with %s%n", resident.text("backend"));
        if (!resident.has("busBandwidth")) {
            out.println("that has no memory of its own; run bench without --backend");
            return;
        }
        if (!device.isGpu()) {
            out.println("this is no GPU: the figures say nothing about one");
        }
        printResident(resident);
        printPrompt(resident);
        BenchResult host = BenchProcess.run(directory, tokens, device.flags(deviceMemory, null));
        out.println("(c) deviceMemory=" + deviceMemory + ", the rest kept in host memory");
        printStreamed(host, "copiedFromHostBytes", "busBandwidth", "pinned copy bandwidth");
        BenchResult disk =
                BenchProcess.run(directory, tokens, device.flags(deviceMemory, hostMemory));
        out.println("(d) deviceMemory=" + deviceMemory + ", hostMemory=" + hostMemory);
        printStreamed(disk, "readBytes", "diskBandwidth", "direct read bandwidth");
    }

    private void printResident(BenchResult result) {
        out.println("(a) all in device memory");
        boolean all = result.has("secondsPerToken") && result.number("copiedFromHostBytes") == 0;
        if (!all) {
            line("n/a", "the weights do not fit the device");
            return;
        }
        double seconds = result.decimal("secondsPerToken");
        line("decode", rate(seconds));
        line(
                "weights",
                BenchCommand.share(
                        result.number("weightBytes") / seconds,
                        result.number("deviceBandwidth"),
                        "device memory bandwidth"));
    }

    private void printPrompt(BenchResult result) {
        out.println("(b) a prompt of " + PROMPT_TOKENS + " tokens");
        double seconds = result.decimal("secondsPerPrompt");
        double operations = 2.0 * result.number("weightBytes") / BF16_BYTES * PROMPT_TOKENS;
        line("prefill", String.format(Locale.ROOT, "%.1f tokens/s", PROMPT_TOKENS / seconds));
        line(
                "products",
                String.format(
                        Locale.ROOT,
                        "%.3f TFLOP/s in %s = %d %% of the peak, %.3f TFLOP/s of %s",
                        operations / seconds / 1e12,
                        device.computeType(),
                        Math.round(100 * operations / seconds / result.number("productPeak")),
                        result.number("productPeak") / 1e12,
                        result.text("productUnits")));
    }

    private void printStreamed(BenchResult result, String moved, String limit, String name) {
        double seconds = result.decimal("secondsPerToken");
        long perToken = result.number(moved) / tokens;
        line("decode", rate(seconds));
        line("moved", MemorySize.format(perToken) + " per token");
        line("rate", BenchCommand.share(perToken / seconds, result.number(limit), name));
        line(
                "copies",
                Math.round(100 * result.decimal("copyOverlap")) + " % of them under computation");
    }

    private static String rate(double seconds) {
        return String.format(Locale.ROOT, "%.3f tokens/s, %.4f s/token", 1 / seconds, seconds);
    }

    private void line(String label, String text) {
        out.printf(Locale.ROOT, "    %-16s %s%n", label, text);
    }
}
