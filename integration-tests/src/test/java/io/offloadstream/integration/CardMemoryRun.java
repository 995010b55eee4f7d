/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import io.offloadstream.model.StreamedModel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalLong;

/**
 * The main class of a JVM whose share of a card is measured: makes some tokens after a prompt, and
 * asks nvidia-smi. Arguments: the model, deviceMemory, the file that takes {@link Seen}.
 */
final class CardMemoryRun {

    private static final int LENGTH = 300;
    private static final int TOKENS = 3;

    /**
     * What there was when all kernels had run.
     *
     * @param processMib what nvidia-smi shows for the process, -1 if it does not tell
     * @param deviceBytes the most that was reserved in the device's budget
     */
    record Seen(long processMib, long deviceBytes) {

        static Seen parse(String text) {
            String[] parts = text.split(" ", 2);
            return new Seen(Long.parseLong(parts[0]), Long.parseLong(parts[1]));
        }

        String format() {
            return processMib + " " + deviceBytes;
        }
    }

    private CardMemoryRun() {}

    public static void main(String[] arguments) throws IOException {
        Map<String, String> options = Budgets.plenty(1, LENGTH, "direct");
        options.put("backend", "cuda");
        options.put("deviceMemory", arguments[1]);
        try (StreamedModel model = TestDevices.open(Path.of(arguments[0]), options)) {
            int[] prompt = new int[LENGTH - TOKENS];
            for (int i = 0; i < prompt.length; i++) {
                prompt[i] = i;
            }
            Runs.greedy(model, prompt, TOKENS);
            Seen seen = new Seen(processMib().orElse(-1), model.deviceBudget().peakBytes());
            Files.writeString(Path.of(arguments[2]), seen.format());
        }
    }

    /** Processes in a container may have other numbers outside, which nvidia-smi shows. */
    private static OptionalLong processMib() {
        try {
            Process smi =
                    new ProcessBuilder(
                                    "nvidia-smi",
                                    "--query-compute-apps=pid,used_gpu_memory",
                                    "--format=csv,noheader,nounits")
                            .start();
            String table = new String(smi.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            String own = ProcessHandle.current().pid() + ", ";
            return table.lines()
                    .filter(line -> line.startsWith(own))
                    .map(line -> line.substring(own.length()).strip())
                    .filter(mib -> mib.matches("[0-9]+"))
                    .mapToLong(Long::parseLong)
                    .findFirst();
        } catch (IOException e) {
            return OptionalLong.empty();
        }
    }
}
