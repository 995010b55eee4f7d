/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs a main class of the tests in a JVM of its own, where memory and log are its alone. */
final class ChildJvm {

    private static final long MOST_MINUTES = 3;

    /**
     * What a run left.
     *
     * @param output what it wrote into the file that its last argument names
     * @param errors its standard error, where the log goes
     */
    record Ended(int exitCode, String output, String errors) {}

    private ChildJvm() {}

    /** Runs a class with a heap of 256 MB; the file for its output is added to the arguments. */
    static Ended run(Class<?> main, List<String> arguments) {
        try (ScratchDirectory scratch = new ScratchDirectory("child")) {
            Path output = scratch.path().resolve("output");
            Path errors = scratch.path().resolve("errors");
            List<String> command = new ArrayList<>();
            command.add(ProcessHandle.current().info().command().orElseThrow());
            command.add("-Xmx256m");
            for (String name : List.of("offloadstream.cache", "offloadstream.shared")) {
                if (System.getProperty(name) != null) {
                    command.add("-D" + name + "=" + System.getProperty(name));
                }
            }
            command.add("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn");
            command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
            command.addAll(arguments);
            command.add(output.toString());
            Process process =
                    new ProcessBuilder(command)
                            .redirectError(errors.toFile())
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start();
            try {
                if (!process.waitFor(MOST_MINUTES, TimeUnit.MINUTES)) {
                    throw new AssertionError(main + " did not end: " + Files.readString(errors));
                }
            } finally {
                process.destroyForcibly();
            }
            String written = Files.exists(output) ? Files.readString(output) : "";
            return new Ended(process.exitValue(), written, Files.readString(errors));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted while " + main + " ran", e);
        }
    }
}
