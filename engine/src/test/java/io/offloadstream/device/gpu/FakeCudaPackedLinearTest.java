/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import org.testng.annotations.AfterClass;

/** The same by CUDA's calls, on a driver that poses. */
public class FakeCudaPackedLinearTest extends GpuPackedLinearTest {

    private FakeCard card;

    @Override
    TestGpu openDevice() {
        card = new FakeCard();
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
