/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import org.testng.annotations.AfterClass;

/** The same by CUDA's calls, on a card or a driver that poses. */
public class CudaHostAttentionTest extends HostAttentionTest {

    private CudaCard card;

    @Override
    GpuFixture openFixture(int threads, long attentionBytes) {
        card = card == null ? new CudaCard() : card;
        return new GpuFixture(card.open(), threads, attentionBytes);
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
