/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

/**
 * What {@code cuFileDriverGetProperties} says, the settings that cuFile took from cufile.json and
 * its environment among it.
 *
 * @param nvidiaFsVersion of the kernel module as cuFile sees it: {@code 2.22}; empty if cuFile does
 *     not use one
 * @param statusFlags bits of {@code CUfileDriverStatusFlags}: what the kernel module supports
 * @param allowsCompat whether cuFile may read through host memory ({@code allow_compat_mode})
 * @param forcesCompat whether it always does ({@code force_compat_mode}); false where the version
 *     does not tell
 * @param usesP2pDma whether it may use the kernel's PCI P2PDMA ({@code use_pci_p2pdma}); false
 *     where the version does not tell
 */
public record CuFileProperties(
        String nvidiaFsVersion,
        int statusFlags,
        boolean allowsCompat,
        boolean forcesCompat,
        boolean usesP2pDma) {

    /** {@code CU_FILE_NVME_SUPPORTED}. */
    private static final int NVME = 4;

    /**
     * Tells whether the kernel module serves NVMe disks.
     *
     * @return its status flag
     */
    public boolean supportsNvme() {
        return (statusFlags >> NVME & 1) != 0;
    }
}
