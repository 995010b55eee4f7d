/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import org.testng.annotations.AfterClass;

/** The same by CUDA's calls, on a card or a driver that poses. */
public class CudaOpsTest extends GpuOpsTest {

    private CudaCard card;

    @Override
    GpuFixture openFixture() {
        card = new CudaCard();
        return new GpuFixture(card.open());
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
