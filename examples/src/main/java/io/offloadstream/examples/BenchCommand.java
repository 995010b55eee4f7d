/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.offloadstream.platform.MemorySize;
import io.offloadstream.platform.OffloadStreamException;
import io.offloadstream.stream.StreamStats;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Times a prompt and decoding with all weights in memory, and decoding with a budget that does not
 * hold them, between measurements of what bounds them. Each case runs in a JVM of its own, so that
 * its peak memory is its own.
 */
@Command(
        name = "bench",
        sortOptions = false,
        description = {
            "Times a Llama of random weights (default: Llama 3.2 1B, 2.47 GB), in memory and"
                    + " streamed, beside what memory, arithmetic and disk allow.",
        })
final class BenchCommand extends ConsoleCommand implements Callable<Integer> {

    private static final long SEED = 20260121;

    /** Below this, caches hold enough of a model to make it faster than memory is. */
    private static final long LEAST_CHECKED_BYTES = 1_000_000_000;

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

    @Option(
            names = "--prompt",
            paramLabel = "N",
            defaultValue = "128",
            description = "Tokens of the prompt timed in memory. Default: ${DEFAULT-VALUE}.")
    private int prompt;

    @Option(
            names = "--context",
            paramLabel = "N",
            defaultValue = "2048",
            description =
                    "On the CPU: random keys and values before the tokens that are timed once more"
                            + " in memory, 0 for no such case. Default: ${DEFAULT-VALUE}.")
    private int context;

    @Option(
            names = "--weights",
            paramLabel = "TYPE",
            split = ",",
            defaultValue = "bf16,lossless",
            description =
                    "On the CPU: bf16, lossless, int8, int4, some of them. Copies are made once"
                            + " beside the checkpoint, and kept. Default: ${DEFAULT-VALUE}.")
    private List<String> weights;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the figures there too.")
    private Path json;

    @Option(
            names = "--peers",
            paramLabel = "DIR",
            description =
                    "On a CUDA device: run gpu_peers.py of that directory after the cases, on the"
                            + " same checkpoint and budget. It needs Python with torch, accelerate"
                            + " and transformers.")
    private Path peers;

    @Mixin private DecodeFlags decoding;

    @Mixin private BenchDevice device;

    @Override
    public Integer call() throws InterruptedException {
        LlamaShape shape = size == null ? LlamaShape.LLAMA_1B : shape(size);
        if (tokens < 1 || tokens > StreamStats.MOST_RECENT_PASSES) {
            throw usage(
                    "--tokens must be 1 to " + StreamStats.MOST_RECENT_PASSES + ", is " + tokens);
        }
        int most = LlamaShape.MOST_POSITIONS - DecodeCase.MOST_WARM_UP_TOKENS - tokens;
        if (prompt < 1 || prompt > most) {
            throw usage("--prompt must be 1 to " + most + ", is " + prompt);
        }
        if (context < 0 || context > most) {
            throw usage("--context must be 0 to " + most + ", is " + context);
        }
        Map<String, String> options = new HashMap<>(Map.of("hostMemory", hostMemory));
        decoding.addTo(options);
        parse(options);
        if (decoding.settleSeconds() < 0) {
            throw usage("--settle-seconds must be 0 or more, is " + decoding.settleSeconds());
        }
        for (String name : weights) {
            if (!BenchWeights.NAMES.contains(name)) {
                throw usage("--weights: " + name + " is not known; valid: " + BenchWeights.NAMES);
            }
        }
        if (!device.isAsked()) {
            requireHostType();
        }
        long peerBytes = requirePeers();
        refuseMemoryDisk();
        new SyntheticCheckpoint(shape, SEED).make(directory, out());

        publish(device.isAsked() ? ofDevice(shape, peerBytes) : ofHost(shape), shape);
        return 0;
    }

    /**
     * Prints the figures, then fails if they cannot be.
     *
     * @param report of all cases
     * @param shape of what ran; a small one is not judged
     * @throws OffloadStreamException if something was faster than its limit
     */
    void publish(BenchReport report, LlamaShape shape) {
        out().print(report.table());
        if (json != null) {
            writeJson(report);
        }
        if (shape.sizeBytes() < LEAST_CHECKED_BYTES) {
            out().println("caches hold much of so small a model: its ratios say nothing");
        } else if (!device.isAsked() || device.isGpu()) {
            report.checkLimits();
        }
    }

    private void requireHostType() {
        String type = device.computeType();
        boolean taken = weights.stream().anyMatch(name -> BenchWeights.takes(name, type));
        if (!type.equals("float32") && !taken) {
            throw usage(
                    "--compute-type: the CPU takes activations in float32, in bfloat16 where"
                            + " --weights has bf16 or lossless, or in int8 where it has int8 or"
                            + " int4; is "
                            + type);
        }
    }

    /** Returns the budget of the peers, 0 if none are asked for. */
    private long requirePeers() {
        if (peers == null) {
            return 0;
        }
        if (!device.isAsked()) {
            throw usage("--peers compares on a CUDA device; name it with --backend");
        }
        if (!Files.isRegularFile(peers.resolve(PeerBench.PROGRAM))) {
            throw usage("--peers: there is no " + PeerBench.PROGRAM + " in " + peers);
        }
        if (deviceMemory().endsWith("%")) {
            throw usage("--peers needs --device-memory in bytes, is " + deviceMemory());
        }
        parse(Map.of("deviceMemory", deviceMemory()));
        try {
            return MemorySize.parse("--device-memory", deviceMemory(), 0);
        } catch (IllegalArgumentException e) {
            throw usage("--peers needs --device-memory in bytes: " + e.getMessage());
        }
    }

    private String deviceMemory() {
        return device.memory() == null ? hostMemory : device.memory();
    }

    private BenchReport ofDevice(LlamaShape shape, long peerBytes) throws InterruptedException {
        DeviceBench bench = new DeviceBench(out(), shape, directory, tokens, device, decoding);
        BenchReport report = bench.run(deviceMemory(), hostMemory);
        if (peers != null && bench.backend().startsWith("cuda:")) {
            new PeerBench(out(), peers).run(report, directory, peerBytes, tokens);
        } else if (peers != null) {
            report.note("no peers: they run on CUDA, this is " + bench.backend());
        }
        return report;
    }

    private BenchReport ofHost(LlamaShape shape) throws InterruptedException {
        List<BenchWeights> checkpoints = new ArrayList<>();
        for (String name : weights) {
            BenchWeights made = BenchWeights.make(name, directory, out());
            checkpoints.add(made);
            if (BenchWeights.takes(name, device.computeType())) {
                checkpoints.add(made.with(device.computeType()));
            }
        }
        return new HostBench(out(), shape, tokens, prompt, context, hostMemory, decoding)
                .run(checkpoints);
    }

    private void writeJson(BenchReport report) {
        try {
            Files.writeString(json, report.json() + System.lineSeparator(), UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("the report " + json + " cannot be written", e);
        }
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
}
