/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import jcuda.Pointer;

/** An address of the host as jcuda wants it. */
final class HostPointer extends Pointer {

    HostPointer(long address) {
        super(address);
    }
}
