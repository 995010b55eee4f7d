/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import io.offloadstream.platform.cuda.CudaDriver;
import io.offloadstream.platform.gpu.Gpu;
import io.offloadstream.platform.gpu.GpuInfo;
import java.util.List;
import java.util.Optional;

/**
 * What tests of CUDA run on, until closed: the first card of this machine, else a driver that
 * poses. A process has one driver: which of them it is is found out before the first test.
 */
final class CudaCard implements AutoCloseable {

    private static final List<GpuInfo> CARDS = new CudaDriver().discover().devices();

    /** Null where a card is there. */
    private final FakeCard fake;

    /**
     * Looks for a card.
     *
     * @throws org.testng.SkipException if there is neither a card nor a driver that poses
     */
    CudaCard() {
        fake = CARDS.isEmpty() ? new FakeCard() : null;
    }

    /** Opens the card; others may have it open too. */
    Gpu open() {
        return fake == null ? new CudaDriver().open(CARDS.get(0)) : fake.open();
    }

    /** The driver that poses, which counts and can be asked; empty on a card. */
    Optional<FakeCard> fake() {
        return Optional.ofNullable(fake);
    }

    @Override
    public void close() {
        if (fake != null) {
            fake.close();
        }
    }
}
