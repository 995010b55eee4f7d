/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.opencl;

import io.offloadstream.platform.gpu.Gpu;
import io.offloadstream.platform.gpu.GpuDriver;
import io.offloadstream.platform.gpu.GpuInfo;
import io.offloadstream.platform.gpu.GpuModules;
import io.offloadstream.platform.gpu.KernelCache;
import java.nio.file.Path;
import org.testng.SkipException;

/** The OpenCL device that tests run on, PoCL's as a rule; they skip where there is none. */
final class TestDevice {

    static final String WORKING = "/io/offloadstream/platform/opencl/working/";
    static final String BROKEN = "/io/offloadstream/platform/opencl/broken/";

    private TestDevice() {}

    static GpuInfo find() {
        GpuDriver.Discovery discovery = new OpenClDriver().discover();
        if (discovery.devices().isEmpty()) {
            throw new SkipException("no OpenCL device: " + discovery.problem());
        }
        return discovery.devices().get(0);
    }

    static Gpu open() {
        return open(KernelCache.ofUser());
    }

    static Gpu open(KernelCache cache) {
        return new OpenClDriver(GpuModules.at(WORKING), cache).open(find());
    }

    static KernelCache cacheIn(Path folder) {
        return new KernelCache(folder);
    }
}
