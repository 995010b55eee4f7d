/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

/**
 * {@link GpuPackedLinearTest} on a card, where many rows run on matrix units, or one that poses.
 */
public class CudaPackedLinearTest extends GpuPackedLinearTest {

    @Override
    TestGpu openDevice() {
        return TestGpu.of(new CudaCard());
    }
}
