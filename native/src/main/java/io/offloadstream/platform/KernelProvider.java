/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Chooses the kernels once per process: the native library where it loads, the Java reference where
 * it does not (one WARN with the cause).
 *
 * <p>The system property {@code offloadstream.kernels} decides: {@code auto} (default), {@code
 * native} (an error where the library does not load) or {@code java}. {@code offloadstream.isa}
 * names the instruction set of the native kernels ({@code avx512bf16}, {@code avx512vnni}, {@code
 * avx512}, {@code avx2}, {@code neondot}, {@code neon}, {@code generic}); without it the best that
 * the machine runs is taken.
 */
public final class KernelProvider {

    private static final String PROPERTY = "offloadstream.kernels";

    private KernelProvider() {}

    private static Kernels chosen;

    /**
     * Returns the kernels of this process.
     *
     * @return native or Java kernels
     * @throws OffloadStreamException if {@code offloadstream.kernels=native} and the library does
     *     not load
     * @throws IllegalArgumentException if {@code offloadstream.kernels} is none of the three or
     *     {@code offloadstream.isa} does not run on this machine
     */
    public static synchronized Kernels kernels() {
        if (chosen == null) {
            chosen =
                    choose(
                            System.getProperty(PROPERTY, "auto"),
                            () ->
                                    NativeKernels.open(
                                            KernelLibrary.NAME,
                                            System.getProperty("offloadstream.isa", "")),
                            LoggerFactory.getLogger(KernelProvider.class));
        }
        return chosen;
    }

    static Kernels choose(String mode, Supplier<Kernels> nativeKernels, Logger logger) {
        return switch (mode) {
            case "java" -> new ReferenceKernels();
            case "native" -> nativeKernels.get();
            case "auto" -> nativeOrJava(nativeKernels, logger);
            default ->
                    throw new IllegalArgumentException(
                            PROPERTY + "=" + mode + " is not known; known: auto, native, java");
        };
    }

    private static Kernels nativeOrJava(Supplier<Kernels> nativeKernels, Logger logger) {
        try {
            return nativeKernels.get();
        } catch (OffloadStreamException e) {
            logger.warn("{}; computing with the slower Java kernels", e.getMessage());
            return new ReferenceKernels();
        }
    }
}
