/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

/**
 * Reads of this process as cuFile counts them ({@code CUfilePerGpuStats_t}, all cards together).
 *
 * @param calls successful calls of {@code cuFileRead}
 * @param p2p requests by the kernel's PCI P2PDMA
 * @param nvidiaFs requests by nvidia-fs
 * @param posix requests through host memory
 */
record CuFileReads(long calls, long p2p, long nvidiaFs, long posix) {

    /** What happened since an earlier count. */
    CuFileReads since(CuFileReads before) {
        return new CuFileReads(
                calls - before.calls,
                p2p - before.p2p,
                nvidiaFs - before.nvidiaFs,
                posix - before.posix);
    }
}
