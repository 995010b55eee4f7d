/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

/** {@link GpuPackedLinearTest} on an NVIDIA card, where many rows run on matrix units. */
public class CudaPackedLinearTest extends GpuPackedLinearTest {

    @Override
    TestGpu openDevice() {
        return TestGpu.cuda();
    }
}
