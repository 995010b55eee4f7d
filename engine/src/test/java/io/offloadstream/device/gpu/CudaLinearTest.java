/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

/** The products on a card, its matrix units included; skipped where there is none. */
public class CudaLinearTest extends GpuLinearTest {

    @Override
    TestGpu openDevice() {
        return TestGpu.cuda();
    }
}
