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
 * The sources of the kernels: modules in the common subset of CUDA C and OpenCL C, and a prelude
 * for each of the two, in one folder of resources. Its file {@code modules.txt} names the modules,
 * one a line; a name that ends in {@code _cuda} is for CUDA alone. Immutable.
 */
public final class GpuModules {

    private static final GpuModules STANDARD = at("/io/offloadstream/platform/gpu/");

    private final String folder;
    private final List<String> names;

    private GpuModules(String folder, List<String> names) {
        this.folder = folder;
        this.names = names;
    }

    /**
     * Returns the kernels that the operators use.
     *
     * @return the modules
     */
    public static GpuModules standard() {
        return STANDARD;
    }

    /**
     * Reads which modules a folder of resources has.
     *
     * @param folder absolute, with a slash at both ends
     * @return the modules
     * @throws IllegalArgumentException if it has no {@code modules.txt}
     */
    public static GpuModules at(String folder) {
        return new GpuModules(
                folder,
                read(folder + "modules.txt")
                        .lines()
                        .map(String::strip)
                        .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                        .toList());
    }

    /**
     * Returns the modules that a driver compiles.
     *
     * @param driver {@code cuda} or {@code opencl}
     * @return names, in the order of the file
     */
    public List<String> names(String driver) {
        return driver.equals("cuda")
                ? names
                : names.stream().filter(name -> !name.endsWith("_cuda")).toList();
    }

    /**
     * Returns what the compiler gets: the prelude of the driver's language, then the module. Lines
     * in the compiler's messages are those of the module's file.
     *
     * @param driver {@code cuda} or {@code opencl}
     * @param module one of {@link #names}
     * @return the source
     */
    public String source(String driver, String module) {
        return read(folder + "prelude_" + driver + ".h")
                + "\n#line 1 \""
                + module
                + ".cl\"\n"
                + read(folder + module + ".cl");
    }

    /**
     * Returns where the sources are: what tells two sets of modules apart.
     *
     * @return the folder
     */
    @Override
    public String toString() {
        return folder;
    }

    private static String read(String resource) {
        try (InputStream in = GpuModules.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalArgumentException("there is no resource " + resource);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the resource " + resource, e);
        }
    }
}
