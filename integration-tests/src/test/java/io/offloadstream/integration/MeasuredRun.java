/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import io.offloadstream.model.ModelOptions;
import io.offloadstream.model.StreamedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * The main class of a JVM whose memory is measured: makes three tokens. Arguments: the model, io,
 * hostMemory, the file that takes the {@link Peaks}.
 */
final class MeasuredRun {

    static final int[] PROMPT = {5, 700, 31, 4000, 8, 90, 2222, 17, 6, 1};
    static final int TOKENS = 3;

    /**
     * The most memory at one time.
     *
     * @param processBytes of the process, as the kernel counts it
     * @param budgetBytes reserved in the model's budget
     */
    record Peaks(long processBytes, long budgetBytes) {

        static Peaks parse(String text) {
            String[] parts = text.split(" ", 2);
            return new Peaks(Long.parseLong(parts[0]), Long.parseLong(parts[1]));
        }

        String format() {
            return processBytes + " " + budgetBytes;
        }
    }

    private MeasuredRun() {}

    public static void main(String[] arguments) throws IOException {
        Map<String, String> options = new HashMap<>();
        options.put("backend", "cpu");
        options.put("io", arguments[1]);
        options.put("hostMemory", arguments[2]);
        options.put("maxSequenceLength", "64");
        try (StreamedModel model =
                StreamedModel.open(Path.of(arguments[0]), ModelOptions.parse(options))) {
            int[] tokens = Runs.greedy(model, PROMPT, TOKENS);
            if (tokens.length != TOKENS) {
                throw new IllegalStateException("made " + tokens.length + " tokens");
            }
            Peaks peaks = new Peaks(peakResidentBytes(), model.budget().peakBytes());
            Files.writeString(Path.of(arguments[3]), peaks.format());
        }
    }

    /** The high-water mark of this process's resident memory. */
    static long peakResidentBytes() throws IOException {
        return statusBytes("VmHWM:");
    }

    /** A figure of {@code /proc/self/status}. */
    static long statusBytes(String name) throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith(name))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024)
                .findFirst()
                .orElseThrow();
    }
}
