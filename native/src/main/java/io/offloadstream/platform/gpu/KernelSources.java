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

/**
 * The sources of the kernels, resources beside this class: a prelude for each language, and modules
 * that are written once in what the languages have in common. {@code modules.txt} lists the
 * modules, one a line; those that end in {@code _cuda} are CUDA's alone.
 */
public final class KernelSources {

    private static final String CUDA_SUFFIX = "_cuda";
    private static final String INCLUDE = "#include \"";

    private KernelSources() {}

    /**
     * Lists the modules that both languages compile.
     *
     * @return their names
     */
    public static List<String> commonModules() {
        return modules().stream().filter(name -> !name.endsWith(CUDA_SUFFIX)).toList();
    }

    /**
     * Lists the modules that only CUDA compiles.
     *
     * @return their names, which end in {@code _cuda}
     */
    public static List<String> cudaModules() {
        return modules().stream().filter(name -> name.endsWith(CUDA_SUFFIX)).toList();
    }

    /**
     * Returns the whole source of a module: the prelude, then the module. Line numbers of the
     * compiler's messages are those of the module's file.
     *
     * @param language {@code cuda} or {@code opencl}
     * @param module its name
     * @return what the compiler gets
     */
    public static String source(String language, String module) {
        return read("prelude_" + language + ".h")
                + "\n#line 1 \""
                + module
                + ".cl\"\n"
                + read(module + ".cl");
    }

    private static List<String> modules() {
        return read("modules.txt").lines().map(String::strip).filter(s -> !s.isEmpty()).toList();
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
