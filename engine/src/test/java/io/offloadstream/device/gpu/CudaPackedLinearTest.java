/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import org.testng.annotations.AfterClass;

/**
 * {@link GpuPackedLinearTest} on a card, where many rows run on matrix units, or one that poses.
 */
public class CudaPackedLinearTest extends GpuPackedLinearTest {

    private CudaCard card;

    @Override
    TestGpu openDevice() {
        card = new CudaCard();
        return TestGpu.of(card.open());
    }

    @Override
    @AfterClass(alwaysRun = true)
    public void close() {
        super.close();
        if (card != null) {
            card.close();
        }
    }
}
