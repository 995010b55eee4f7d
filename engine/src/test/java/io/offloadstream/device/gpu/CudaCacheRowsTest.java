/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

/** The same by CUDA's calls, on a card or a driver that poses. */
public class CudaCacheRowsTest extends CacheRowsTest {

    @Override
    GpuFixture openFixture() {
        return GpuFixture.of(new CudaCard());
    }
}
