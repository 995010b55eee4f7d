/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

/** The products on a card, its matrix units included, or on a driver that poses, without them. */
public class CudaLinearTest extends GpuLinearTest {

    @Override
    TestGpu openDevice() {
        return TestGpu.of(new CudaCard());
    }
}
