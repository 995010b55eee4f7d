/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.gpu;

import static org.testng.Assert.assertFalse;

import org.testng.annotations.Test;

/** What the kernels of both languages are made of. */
public class KernelSourcesTest {

    @Test
    public void commonModulesHaveNoPathOfOneVendor() {
        for (String module : KernelSources.commonModules()) {
            String source = KernelSources.source("opencl", module);
            for (String vendors : new String[] {"asm(", "__CUDA", "__NV_CL", "__AMD"}) {
                assertFalse(source.contains(vendors), module + " has " + vendors);
            }
        }
    }
}
