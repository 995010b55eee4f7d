/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.gpu;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;

/**
 * The sources of the kernels, resources beside this class: a prelude for each language, and modules
 * that are written once in what the languages have in common. {@code modules.txt} lists the modules,
 * one a line; those that end in {@code _cuda} are CUDA's alone, and may name the oldest capability
 * that they compile for: {@code linear_cuda 80}.
 */
public final class KernelSources {

    private static final String CUDA_SUFFIX = "_cuda";

    private KernelSources() {}

    /**
     * Lists the modules that both languages compile.
     *
     * @return their names
     */
    public static List<String> commonModules() {
        return lines().filter(line -> !line[0].endsWith(CUDA_SUFFIX)).map(line -> line[0]).toList();
    }

    /**
     * Lists the modules that only CUDA compiles.
     *
     * @param capability of the card: 90 for sm_90
     * @return the names of those that it runs, which end in {@code _cuda}
     */
    public static List<String> cudaModules(int capability) {
        return lines()
                .filter(line -> line[0].endsWith(CUDA_SUFFIX))
                .filter(line -> line.length == 1 || Integer.parseInt(line[1]) <= capability)
                .map(line -> line[0])
                .toList();
    }

    /**
     * Returns the whole source of a module: the prelude, then the module.
     *
     * @param language {@code cuda} or {@code opencl}
     * @param module its name
     * @return what the compiler gets
     */
    public static String source(String language, String module) {
        return read("prelude_" + language + ".h") + read(module + ".cl");
    }

    private static Stream<String[]> lines() {
        return read("modules.txt")
                .lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .map(line -> line.split("\\s+", 2));
    }

    private static String read(String name) {
        try (InputStream resource = KernelSources.class.getResourceAsStream(name)) {
            if (resource == null) {
                throw new IllegalStateException("the jar lacks the kernel source " + name);
            }
            return new String(resource.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(name, e);
        }
    }
}
