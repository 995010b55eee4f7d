/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device;

import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.gpu.Gpu;
import io.offloadstream.platform.gpu.GpuDriver;
import io.offloadstream.platform.gpu.GpuInfo;
import java.lang.reflect.Proxy;

/** A driver that finds what a test says, and counts how often it was asked. */
final class FakeDriver implements GpuDriver {

    private final String name;
    private final Discovery discovery;
    int discoveries;
    boolean mayHaveGpu = true;
    boolean opens;
    String refusal = "a fake device does not open";

    FakeDriver(String name, Discovery discovery) {
        this.name = name;
        this.discovery = discovery;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public boolean mayHaveGpu() {
        return mayHaveGpu;
    }

    @Override
    public Discovery discover() {
        discoveries++;
        return discovery;
    }

    @Override
    public Gpu open(GpuInfo device) {
        if (!opens) {
            throw new DeviceException(refusal);
        }
        return (Gpu)
                Proxy.newProxyInstance(
                        Gpu.class.getClassLoader(),
                        new Class<?>[] {Gpu.class},
                        (gpu, method, arguments) -> {
                            throw new UnsupportedOperationException(method.getName());
                        });
    }
}
