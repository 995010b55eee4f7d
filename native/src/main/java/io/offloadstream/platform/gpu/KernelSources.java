/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.gpu;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The sources of the kernels, resources beside this class: preludes for each language and for both,
 * and modules that are written once in what the languages have in common. {@code modules.txt} lists
 * the modules, one a line; those that end in {@code _cuda} are CUDA's alone, and may name the
 * oldest capability that they compile for: {@code linear_cuda 80}.
 *
 * <p>A line {@code #include "name.h"} of a module takes in another of these files, once, or {@code
 * #include "name.inc"} a body of kernels, each time anew; the compilers of the languages are given
 * no files to look into.
 */
public final class KernelSources {

    private static final String CUDA_SUFFIX = "_cuda";
    private static final String INCLUDE = "#include \"";
    private static final String BODY_SUFFIX = ".inc";

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
        return lines().filter(line -> line[0].endsWith(CUDA_SUFFIX))
                .filter(line -> oldest(line) <= capability)
                .map(line -> line[0])
                .toList();
    }

    /**
     * Returns the oldest card that a module compiles for.
     *
     * @param module its name
     * @return a capability, 80 for sm_80; 0 if any will do
     */
    public static int oldestCapability(String module) {
        return lines().filter(line -> line[0].equals(module))
                .mapToInt(KernelSources::oldest)
                .findFirst()
                .orElse(0);
    }

    private static int oldest(String[] line) {
        return line.length == 1 ? 0 : Integer.parseInt(line[1]);
    }

    /**
     * Returns the whole source of a module: the preludes, then the module. Line numbers of the
     * compiler's messages are those of the module's file.
     *
     * @param language {@code cuda} or {@code opencl}
     * @param module its name
     * @return what the compiler gets
     */
    public static String source(String language, String module) {
        return source(language, module + ".cl", read(module + ".cl"));
    }

    /**
     * Returns a text behind the preludes.
     *
     * @param language {@code cuda} or {@code opencl}
     * @param name of the file, for the compiler's messages
     * @param text the module
     * @return what the compiler gets
     */
    public static String source(String language, String name, String text) {
        StringBuilder source = new StringBuilder(read("prelude_" + language + ".h"));
        Set<String> included = new HashSet<>();
        append(source, "prelude_common.h", read("prelude_common.h"), included);
        append(source, name, text, included);
        return source.toString();
    }

    private static void append(
            StringBuilder source, String name, String text, Set<String> included) {
        if (!included.add(name) && !name.endsWith(BODY_SUFFIX)) {
            return;
        }
        lineOf(source, 1, name);
        int number = 1;
        for (String line : text.lines().toList()) {
            number++;
            if (line.startsWith(INCLUDE)) {
                String other = line.substring(INCLUDE.length(), line.lastIndexOf('"'));
                append(source, other, read(other), included);
                lineOf(source, number, name);
            } else {
                source.append(line).append('\n');
            }
        }
    }

    private static void lineOf(StringBuilder source, int number, String name) {
        source.append("\n#line ").append(number).append(" \"").append(name).append("\"\n");
    }

    private static Stream<String[]> lines() {
        return read("modules.txt")
                .lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty() && !line.startsWith("#"))
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
