/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import io.offloadstream.platform.gpu.Gpu;
import org.testng.annotations.AfterClass;

/** The same by CUDA's calls, on a card or a driver that poses. */
public class CudaBackendTest extends GpuBackendTest {

    private CudaCard card;

    @Override
    Gpu openDevice() {
        card = card == null ? new CudaCard() : card;
        return card.open();
    }

    @Override
    String deviceName() {
        return "cuda:0";
    }

    @AfterClass(alwaysRun = true)
    public void closeCard() {
        if (card != null) {
            card.close();
        }
    }
}
