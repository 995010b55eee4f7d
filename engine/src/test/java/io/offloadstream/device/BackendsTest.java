/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertTrue;

import io.offloadstream.ops.ComputeType;
import org.testng.SkipException;
import org.testng.annotations.Test;

public class BackendsTest {

    private static Backend open(String name) {
        return Backends.open(name, Backends.ANY_DEVICE, 2, ComputeType.FLOAT32);
    }

    @Test
    public void cpuComputesInHostMemory() {
        try (Backend backend = open("cpu")) {
            assertTrue(backend.computesInHostMemory());
            assertTrue(backend.name().endsWith("2 threads)"), backend.name());
        }
    }

    @Test
    public void autoTakesTheCpuOnlyWhereThereIsNoGpu() {
        try (Backend backend = open("auto")) {
            assertEquals(backend.computesInHostMemory(), Backends.devices().gpuCount() == 0);
        }
    }

    @Test
    public void openClByNameComputesInMemoryOfItsOwn() {
        if (Backends.devices().list().stream().noneMatch(e -> e.by("opencl").isPresent())) {
            throw new SkipException(
                    "no OpenCL device: " + Backends.devices().problems().get("opencl"));
        }
        try (Backend backend = open("opencl")) {
            assertFalse(backend.computesInHostMemory());
            assertTrue(backend.name().startsWith("opencl:"), backend.name());
            assertTrue(backend.memory().orElseThrow().totalBytes() > 0);
        }
    }
}
