/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import io.offloadstream.ops.ComputeType;
import io.offloadstream.ops.Phase;
import io.offloadstream.platform.Owned;
import org.testng.annotations.AfterClass;
import org.testng.annotations.AfterMethod;
import org.testng.annotations.BeforeClass;

/** A device for tests of products, and the products of both phases on it. */
public abstract class GpuLinearFixture {

    TestGpu gpu;
    GpuLinear decode;
    GpuLinear prefill;

    /** The device; a subclass has another. */
    TestGpu openDevice() {
        return TestGpu.of(GpuFixture.openDevice());
    }

    /** What multiplies in prefill; CublasLinearTest has one. */
    GemmLibrary openLibrary(TestGpu device) {
        return null;
    }

    /** Opens the device. */
    @BeforeClass
    public void open() {
        gpu = openDevice();
        decode = newLinear(Phase.DECODE, null);
        prefill = newLinear(Phase.PREFILL, openLibrary(gpu));
    }

    private GpuLinear newLinear(Phase phase, GemmLibrary library) {
        return new GpuLinear(gpu.gpu(), gpu.stream(), phase, ComputeType.FLOAT32, library);
    }

    /** Frees what a test took. */
    @AfterMethod(alwaysRun = true)
    public void clear() {
        if (gpu != null) {
            gpu.clear();
        }
    }

    /** Closes the device. */
    @AfterClass(alwaysRun = true)
    public void close() {
        if (gpu != null) {
            Owned.closeAll(decode, prefill, gpu);
        }
    }

    /** The products that a request of so many rows runs with. */
    GpuLinear of(int rows) {
        return Phase.of(rows) == Phase.DECODE ? decode : prefill;
    }
}
