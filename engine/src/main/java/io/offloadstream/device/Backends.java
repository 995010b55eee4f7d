/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device;

import io.offloadstream.device.cpu.CpuBackend;

/** Opens the backend that options ask for. The only place that knows which there are. */
public final class Backends {

    private Backends() {}

    /**
     * Opens the CPU backend, the only one so far.
     *
     * @param threads compute threads, the caller's included
     * @return the backend, for the caller to close
     */
    public static Backend open(int threads) {
        return new CpuBackend(threads);
    }
}
