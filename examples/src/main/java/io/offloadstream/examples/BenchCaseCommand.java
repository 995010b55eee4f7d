/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import io.offloadstream.cache.KvLayout;
import io.offloadstream.device.Backend;
import io.offloadstream.device.ProductPeak;
import io.offloadstream.model.KvShape;
import io.offloadstream.model.MachineSpeed;
import io.offloadstream.model.ModelOptions;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.plan.Bandwidths;
import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.platform.Storage;
import io.offloadstream.stream.StreamStats;
import io.offloadstream.stream.StreamStats.PassRecord;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
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

    /** Timed after one that compiles and makes memory. */
    private static final int PROMPT_ROUNDS = 5;

    private static final Path STATUS = Path.of("/proc/self/status");

    @Option(names = "--directory", required = true)
    private Path directory;

    @Option(names = "--host-memory", description = "Default: all that the machine has.")
    private String hostMemory;

    @Option(names = "--tokens", required = true)
    private int tokens;

    @Option(names = "--prompt", description = "Tokens of a prompt to be timed too.")
    private int prompt;

    @Option(names = "--context", description = "Tokens before those of another decoding in memory.")
    private int context;

    @Option(names = "--disk-request", description = "Bytes of a direct read beside streaming.")
    private int diskRequest;

    @Option(names = "--disk-in-flight", description = "How many of them at a time.")
    private int diskInFlight;

    @Mixin private DecodeFlags decoding;

    @Mixin private BenchDevice device;

    /** The most memory that was held, what measures the limit of decoding left out. */
    private long peakBytes;

    /** What that takes, once it has. */
    private long limitBytes;

    @Override
    public Integer call() throws IOException {
        int length = Math.max(prompt, PROMPT_TOKENS); // each prompt has a session of its own
        ModelOptions options = options(length);
        boolean inMemory;
        try (StreamedModel model = StreamedModel.open(directory, options)) {
            ResidencyPlan plan = model.plan();
            long streamed = plan.isMapped() ? 0 : plan.streamedBytesPerPass();
            inMemory = !device.isAsked() && streamed == 0 && hostMemory == null;
            print("backend", model.backendName());
            print("budgetBytes", plan.hostMemoryBytes());
            print("weightBytes", plan.computedBytesPerPass());
            print("streamedBytes", streamed);
            // before reads of memory are measured, which takes memory of its own
            boolean leftOut = streamed > 0 && hostMemory == null && !device.isAsked();
            if (prompt > 0 && !leftOut) {
                prompts(model, options);
            }
            if (hostMemory != null || streamed == 0 || device.memory() != null) {
                decode(model, options, inMemory);
            }
            readPeak();
        }
        if (peakBytes > 0) {
            print("peakRssBytes", peakBytes);
        }
        if (device.isAsked()) {
            printDevice(options);
        }
        if (inMemory && context > 0) {
            decodeInContext();
        }
        return 0;
    }

    private ModelOptions options(int before) {
        Map<String, String> values = new LinkedHashMap<>();
        int length = before + DecodeCase.MOST_WARM_UP_TOKENS + tokens;
        values.put("maxSequenceLength", Integer.toString(length));
        if (hostMemory != null) {
            values.put("hostMemory", hostMemory);
        }
        if (hostMemory != null || device.isAsked()) {
            values.put("io", "direct");
        }
        decoding.addTo(values);
        device.addTo(values);
        return ModelOptions.parse(values);
    }

    private void decode(StreamedModel model, ModelOptions options, boolean inMemory)
            throws IOException {
        try (DecodeCase decode = new DecodeCase(model, decoding.settleSeconds())) {
            decode.warmUpAfterPrompt(PROMPT_TOKENS);
            readPeak();
            long readerNanos = model.stats().read().cpuNanos();
            DecodeCase.Result result;
            if (inMemory) {
                try (BenchLimit limit = memoryLimit(model, options)) {
                    limitBytes = limit.sizeBytes();
                    result = decode.runInMemory(tokens, limit, null);
                }
            } else if (diskRequest > 0 && model.stats().read().requests() > 0) {
                DiskSetting setting = new DiskSetting(diskRequest, diskInFlight);
                try (BenchLimit limit = BenchLimit.disk(DiskSetting.files(directory), setting)) {
                    limitBytes = limit.sizeBytes();
                    result = decode.runStreamed(tokens, limit);
                }
            } else {
                result = decode.run(tokens);
            }
            print("decode", result);
            print("secondsPerToken", BenchRounds.median(result.seconds()));
            print("readBytes", result.readBytes());
            StreamStats stats = model.stats();
            print("copiedFromHostBytes", copiedFromHost(stats));
            print("copyOverlap", stats.copyOverlap());
            double readerSeconds = (stats.read().cpuNanos() - readerNanos) / 1e9;
            print("readerCpuSecondsPerToken", readerSeconds / tokens);
            print("pace", stats.pace());
            print("isPaceSettled", stats.isPaceSettled());
        }
    }

    private BenchLimit memoryLimit(StreamedModel model, ModelOptions options) {
        long weights = model.plan().computedBytesPerPass();
        BenchLimit limit = BenchLimit.memory(model.budget(), options.threads(), weights);
        int wanted = BenchLimit.bytesPerThread(options.threads(), weights);
        if (limit.sizeBytes() / options.threads() < wanted) {
            print("cutLimitBytes", limit.sizeBytes());
        }
        return limit;
    }

    /** Of the timed tokens, which are the last. */
    private long copiedFromHost(StreamStats stats) {
        List<PassRecord> passes = stats.recentPasses();
        return passes.subList(passes.size() - tokens, passes.size()).stream()
                .mapToLong(PassRecord::hostBytes)
                .sum();
    }

    private void prompts(StreamedModel model, ModelOptions options) {
        if (device.isAsked()) {
            timePrompt(model);
            print("secondsPerPrompt", timePrompt(model));
            return;
        }
        List<Double> seconds = new ArrayList<>();
        List<Double> limits = new ArrayList<>();
        timePrompt(model);
        try (BenchLimit limit = BenchLimit.arithmetic(options.threads())) {
            limits.add(limit.measure());
            for (int i = 0; i < PROMPT_ROUNDS; i++) {
                seconds.add(timePrompt(model));
                limits.add(limit.measure());
            }
        }
        print("promptSeconds", seconds);
        print("promptLimits", limits);
        print("secondsPerPrompt", BenchRounds.median(seconds));
    }

    private double timePrompt(StreamedModel model) {
        try (TokenRun run = new TokenRun(model)) {
            long begin = System.nanoTime();
            run.next(TokenRun.prompt(prompt, model.decoder().vocabSize()));
            return (System.nanoTime() - begin) / 1e9;
        }
    }

    private void decodeInContext() {
        ModelOptions options = options(context);
        ProductClock clock = new ProductClock();
        try (StreamedModel model =
                        StreamedModel.open(
                                directory,
                                options,
                                Storage.local(),
                                () -> clock.time(options.openBackend()));
                DecodeCase decode = new DecodeCase(model, decoding.settleSeconds())) {
            KvShape shape = model.decoder().kvShape();
            KvLayout layout =
                    new KvLayout(
                            model.decoder().blockCount(),
                            shape.heads(),
                            shape.headDim(),
                            options.kvCacheType());
            print("contextKvBytes", layout.tokenBytes() * context);
            decode.warmUpAfterRandom(context);
            try (BenchLimit limit = memoryLimit(model, options)) {
                print("context", decode.runInMemory(tokens, limit, clock::nanos));
            }
        }
    }

    private void print(String name, DecodeCase.Result result) {
        print(name + "Seconds", result.seconds());
        print(name + "Rates", result.rates());
        print(name + "Limits", result.limits());
        print(name + "Outside", result.outside());
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

    private void readPeak() throws IOException {
        if (!Files.isReadable(STATUS)) {
            return;
        }
        for (String line : Files.readAllLines(STATUS, StandardCharsets.US_ASCII)) {
            if (line.startsWith("VmHWM:")) {
                long held = Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
                peakBytes = Math.max(peakBytes, held - limitBytes);
            }
        }
    }

    private void print(String name, List<Double> values) {
        String text = values.stream().map(String::valueOf).collect(Collectors.joining(","));
        out().println(name + "=" + text);
    }

    private void print(String name, Object value) {
        out().println(name + "=" + value);
    }
}
