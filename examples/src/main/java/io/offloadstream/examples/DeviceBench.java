/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The cases of a device with memory of its own: weights there, kept by the host, on the disk; and a
 * prompt. Each beside the limit that the same process has measured: of the device and its bus at
 * the end, for nobody else uses them; of the disk between the rounds.
 */
final class DeviceBench {

    private static final int PROMPT_TOKENS = 512;
    private static final double GIGA = 1e9;
    private static final double TERA = 1e12;

    private final PrintWriter out;
    private final LlamaShape shape;
    private final Path directory;
    private final int tokens;
    private final BenchDevice device;
    private final DecodeFlags decoding;
    private final BenchReport report = new BenchReport();
    private String backend = "";

    DeviceBench(
            PrintWriter out,
            LlamaShape shape,
            Path directory,
            int tokens,
            BenchDevice device,
            DecodeFlags decoding) {
        this.out = out;
        this.shape = shape;
        this.directory = directory;
        this.tokens = tokens;
        this.device = device;
        this.decoding = decoding;
    }

    /**
     * Runs all cases.
     *
     * @return the figures; none where the device has no memory of its own
     */
    BenchReport run(String deviceMemory, String hostMemory) throws InterruptedException {
        List<String> flags = new ArrayList<>(device.flags(null, null));
        flags.add("--prompt=" + PROMPT_TOKENS);
        BenchResult resident = run(flags);
        backend = resident.text("backend");
        out.printf(Locale.ROOT, "computing with %s%n", backend);
        if (!resident.has("busBandwidth")) {
            out.println("that has no memory of its own; run bench without --backend");
            return report;
        }
        if (!device.isGpu()) {
            report.note("this is no GPU: the figures say nothing about one");
        }
        out.flush();
        resident(resident);
        prompt(resident);
        BenchResult fromHost = run(device.flags(deviceMemory, null));
        streamed(
                "decode, deviceMemory=" + deviceMemory + ", the rest in host memory",
                fromHost,
                "copiedFromHostBytes",
                BenchRounds.of(
                        fromHost.number("copiedFromHostBytes")
                                / (tokens * fromHost.decimal("secondsPerToken")),
                        fromHost.decimal("busBandwidth")),
                "pinned copies");
        List<String> diskFlags = new ArrayList<>(device.flags(deviceMemory, hostMemory));
        diskFlags.addAll(DiskSetting.find(directory).flags());
        BenchResult fromDisk = run(diskFlags);
        streamed(
                "decode, deviceMemory=" + deviceMemory + ", hostMemory=" + hostMemory,
                fromDisk,
                "readBytes",
                new BenchRounds(
                        fromDisk.decimals("decodeRates"), fromDisk.decimals("decodeLimits")),
                "direct reads");
        return report;
    }

    /**
     * Returns what the cases computed with, once they ran: a name that begins with the driver's.
     */
    String backend() {
        return backend;
    }

    private BenchResult run(List<String> flags) throws InterruptedException {
        List<String> all = new ArrayList<>(flags);
        all.addAll(decoding.flags());
        return BenchProcess.run(directory, tokens, all);
    }

    private void resident(BenchResult result) {
        String workload = "decode in device memory";
        boolean all = result.has("secondsPerToken") && result.number("copiedFromHostBytes") == 0;
        if (!all) {
            report.note(workload + ": left out, the weights do not fit the device");
            return;
        }
        double seconds = result.decimal("secondsPerToken");
        speed(workload, result);
        rate(
                workload,
                "weights read",
                BenchRounds.of(
                        result.number("weightBytes") / seconds, result.decimal("deviceBandwidth")),
                "device memory");
    }

    private void prompt(BenchResult result) {
        String workload = "prefill of " + PROMPT_TOKENS + " in " + device.computeType();
        double seconds = result.decimal("secondsPerPrompt");
        report.add(BenchFigure.of(workload, "speed", PROMPT_TOKENS / seconds, "tokens/s"));
        double operations = shape.operations(PROMPT_TOKENS) / seconds / TERA;
        if (result.has("productPeak")) {
            report.add(
                    new BenchFigure(
                            workload,
                            "products",
                            "TFLOP/s",
                            BenchRounds.of(operations, result.number("productPeak") / TERA),
                            result.text("productUnits")));
        } else {
            report.add(BenchFigure.of(workload, "products", operations, "TFLOP/s"));
        }
    }

    private void streamed(
            String workload,
            BenchResult result,
            String moved,
            BenchRounds rates,
            String limitName) {
        double perToken = (double) result.number(moved) / tokens;
        speed(workload, result);
        rate(workload, "moved", rates, limitName);
        report.add(BenchFigure.of(workload, "moved per token", perToken / GIGA, "GB"));
        double overlap = 100 * result.decimal("copyOverlap");
        report.add(BenchFigure.of(workload, "copies under computation", overlap, "%"));
    }

    private void speed(String workload, BenchResult result) {
        BenchRounds seconds = new BenchRounds(result.decimals("decodeSeconds"), List.of());
        report.add(BenchFigure.of(workload, "speed", seconds.map(s -> 1 / s), "tokens/s"));
    }

    private void rate(String workload, String name, BenchRounds rates, String limitName) {
        BenchRounds gigabytes = rates.map(rate -> rate / GIGA, limit -> limit / GIGA);
        report.add(new BenchFigure(workload, name, "GB/s", gigabytes, limitName));
    }
}
