/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import io.offloadstream.platform.DeviceException;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The compiler of the CUDA toolkit, for building the jar: it knows cards that an old NVRTC does
 * not.
 */
final class Nvcc {

    private final Path program;
    private final String version;
    private final List<String> codes;

    private Nvcc(Path program) throws IOException {
        this.program = program;
        String about = run(List.of(program.toString(), "--version"));
        version = about.lines().filter(line -> line.contains("release")).findFirst().orElse(about);
        codes = run(List.of(program.toString(), "--list-gpu-code")).lines().toList();
    }

    /**
     * Looks on the path, and where the toolkit is installed by default.
     *
     * @return nvcc, or nothing
     */
    static Optional<Nvcc> find() {
        List<Path> folders = new ArrayList<>();
        for (String folder :
                Optional.ofNullable(System.getenv("PATH")).orElse("").split(File.pathSeparator)) {
            folders.add(Path.of(folder));
        }
        folders.add(Path.of("/usr/local/cuda/bin"));
        for (Path folder : folders) {
            Path program = folder.resolve("nvcc");
            if (Files.isExecutable(program)) {
                try {
                    return Optional.of(new Nvcc(program));
                } catch (IOException e) {
                    return Optional.empty();
                }
            }
        }
        return Optional.empty();
    }

    /**
     * Returns the version.
     *
     * @return as it prints it
     */
    String version() {
        return version;
    }

    /**
     * Tells whether it makes machine code for a capability.
     *
     * @param capability 120 for sm_120
     * @return true if it knows the card
     */
    boolean knows(int capability) {
        return codes.contains("sm_" + capability);
    }

    /**
     * Compiles to a cubin.
     *
     * @param name of the module, for messages
     * @param source CUDA C
     * @param capability of the card
     * @return machine code
     * @throws IOException if files cannot be written
     * @throws DeviceException if the source does not compile; the message has the log
     */
    byte[] compile(String name, String source, int capability) throws IOException {
        Path folder = Files.createTempDirectory("nvcc");
        Path input = folder.resolve(name + ".cu");
        Path output = folder.resolve(name + ".cubin");
        try {
            Files.writeString(input, source);
            run(
                    List.of(
                            program.toString(),
                            "-cubin",
                            "-arch=sm_" + capability,
                            Nvrtc.NO_CONTRACTION,
                            "-o",
                            output.toString(),
                            input.toString()));
            return Files.readAllBytes(output);
        } finally {
            Files.deleteIfExists(input);
            Files.deleteIfExists(output);
            Files.delete(folder);
        }
    }

    private static String run(List<String> command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (process.waitFor() != 0) {
                throw new DeviceException(command + " failed:\n" + output);
            }
        } catch (InterruptedException e) {
            throw new IOException("interrupted while waiting for nvcc", e);
        }
        return output;
    }
}
