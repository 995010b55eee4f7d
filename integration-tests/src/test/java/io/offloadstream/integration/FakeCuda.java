/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import java.nio.file.Files;
import java.nio.file.Path;
import org.testng.SkipException;

/**
 * The driver that the native module's tests build, and NVRTC, cuBLAS and cuFile beside it: they
 * compute by OpenCL. A process has one driver, so tests run it in a JVM of its own.
 */
final class FakeCuda {

    private FakeCuda() {}

    /** Where its libraries are; skips the test where they are not. */
    static Path libraries() {
        TestDevices.require("opencl");
        Path libraries = Path.of(System.getProperty("offloadstream.fakes", ""), "linux-x86-64");
        if (!Files.exists(libraries.resolve("libfakecuda.so"))) {
            throw new SkipException(
                    "no fake CUDA: built without a C compiler, or not on x86 Linux");
        }
        return libraries;
    }

    /** Puts it in the place of NVIDIA's, before this process has asked for a driver. */
    static void install(Path libraries, Path cache) {
        install(libraries, "offloadstream.libcuda", "fakecuda");
        install(libraries, "offloadstream.libnvrtc", "fakenvrtc");
        install(libraries, "offloadstream.libcublas", "fakecublas");
        install(libraries, "offloadstream.cufile", "fakecufile");
        System.setProperty("offloadstream.libnvml", "no-such-nvml");
        System.setProperty("offloadstream.cache", cache.toString());
    }

    private static void install(Path libraries, String property, String name) {
        System.setProperty(property, libraries.resolve("lib" + name + ".so").toString());
    }
}
