/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import jcuda.driver.CUdeviceptr;

/** An address of the device as jcuda wants it. */
final class DevicePointer extends CUdeviceptr {

    private static final CUdeviceptr NULL = new CUdeviceptr();

    /** Makes one for the driver to fill in. */
    DevicePointer() {}

    DevicePointer(long address) {
        super(NULL, address);
    }

    long address() {
        return getNativePointer() + getByteOffset();
    }
}
