/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import io.offloadstream.platform.OffloadStreamException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Runs a case of the benchmark in a JVM of its own, from the same class path. */
final class BenchProcess {

    /**
     * JDK 24 warns of native access that was not allowed; the jar's manifest counts for -jar only.
     */
    private static final int FIRST_TO_WARN = 24;

    private BenchProcess() {}

    /**
     * Runs a case and waits for it.
     *
     * @param directory the checkpoint
     * @param tokens how many to time
     * @param flags of the case besides
     * @return what it measured
     * @throws OffloadStreamException if it fails; the message has what it wrote last
     * @throws InterruptedException if the wait is interrupted; the case is ended
     */
    static BenchResult run(Path directory, int tokens, List<String> flags)
            throws InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-Xmx256m");
        command.add("-XX:+UseSerialGC");
        if (Runtime.version().feature() >= FIRST_TO_WARN) {
            command.add("--enable-native-access=ALL-UNNAMED");
        }
        for (Map.Entry<Object, Object> property : System.getProperties().entrySet()) {
            if (property.getKey().toString().startsWith("offloadstream.")) {
                command.add("-D" + property.getKey() + "=" + property.getValue());
            }
        }
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(Main.class.getName());
        command.add("bench-case");
        command.add("--directory=" + directory);
        command.add("--tokens=" + tokens);
        command.addAll(flags);
        try {
            return run(command);
        } catch (IOException e) {
            throw new UncheckedIOException("the case could not be run: " + command, e);
        }
    }

    private static BenchResult run(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try (BufferedReader output = process.inputReader()) {
            List<String> lines = output.lines().toList();
            int code = process.waitFor();
            if (code != 0) {
                String last = lines.isEmpty() ? "(nothing)" : lines.get(lines.size() - 1);
                throw new OffloadStreamException(
                        "a case of the benchmark ended with code " + code + ": " + last);
            }
            return BenchResult.parse(lines);
        } finally {
            process.destroy();
        }
    }
}
