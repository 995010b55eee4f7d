/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import org.testng.annotations.AfterClass;

/** The products on a card, its matrix units included, or on a driver that poses, without them. */
public class CudaLinearTest extends GpuLinearTest {

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
