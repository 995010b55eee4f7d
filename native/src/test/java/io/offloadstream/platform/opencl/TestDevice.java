/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.opencl;

import io.offloadstream.platform.gpu.Gpu;
import io.offloadstream.platform.gpu.GpuDriver;
import io.offloadstream.platform.gpu.GpuInfo;
import io.offloadstream.platform.gpu.KernelCache;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import org.testng.SkipException;

/** The OpenCL device that tests run on, PoCL's as a rule; they skip where there is none. */
final class TestDevice {

    private TestDevice() {}

    static GpuInfo find() {
        GpuDriver.Discovery discovery = new OpenClDriver().discover();
        if (discovery.devices().isEmpty()) {
            throw new SkipException("no OpenCL device: " + discovery.problem());
        }
        return discovery.devices().get(0);
    }

    static Gpu open() {
        return driver(KernelCache.ofUser()).open(find());
    }

    /** With the modules of the tests. */
    static OpenClDriver driver(KernelCache cache) {
        return driver(cache, "vectors", "slow");
    }

    static OpenClDriver driver(KernelCache cache, String... modules) {
        Map<String, String> sources = new TreeMap<>();
        for (String module : modules) {
            sources.put(module, read("prelude_opencl.h") + "\n#line 1\n" + read(module + ".cl"));
        }
        return new OpenClDriver(() -> sources, cache);
    }

    private static String read(String name) {
        try (InputStream resource = TestDevice.class.getResourceAsStream(name)) {
            return new String(resource.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
