/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import java.util.Set;

/** File systems that have a direct path under conditions, by their names in mountinfo. */
final class GdsFileSystems {

    /** gds-nvidia-fs README and {@code CUfileDriverStatusFlags}. */
    private static final Set<String> SERVED =
            Set.of("ext4", "xfs", "nfs", "nfs4", "lustre", "wekafs", "gpfs", "beegfs", "scatefs");

    private GdsFileSystems() {}

    static boolean isServed(String type) {
        return SERVED.contains(type);
    }
}
