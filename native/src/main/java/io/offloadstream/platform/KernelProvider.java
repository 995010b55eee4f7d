/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

/**
 * Chooses the kernels once per process: the native library where it loads, the Java reference where
 * it does not (one WARN with the cause).
 *
 * <p>The system property {@code offloadstream.kernels} decides: {@code auto} (default), {@code
 * native} (an error where the library does not load) or {@code java}.
 */
public final class KernelProvider {

    private KernelProvider() {}

    /**
     * Returns the kernels of this process.
     *
     * @return native or Java kernels
     * @throws OffloadStreamException if {@code offloadstream.kernels=native} and the library does
     *     not load
     */
    public static Kernels kernels() {
        throw new UnsupportedOperationException("pending");
    }
}
