/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.opencl;

import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.gpu.Gpu;
import io.offloadstream.platform.gpu.GpuDriver;
import io.offloadstream.platform.gpu.GpuInfo;
import io.offloadstream.platform.gpu.GpuModules;
import io.offloadstream.platform.gpu.KernelCache;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The way to devices through OpenCL. Thread-safe. */
public final class OpenClDriver implements GpuDriver {

    static final String NAME = "opencl";

    /**
     * Open contexts of this process. One that its last user has left is replaced when asked for.
     */
    private static final Map<Key, ClContext> CONTEXTS = new HashMap<>();

    /** What users of one context have in common. */
    private record Key(long device, String modules) {}

    private final GpuModules modules;
    private final KernelCache cache;

    /** Uses the kernels of the operators, and the user's cache of compiled ones. */
    public OpenClDriver() {
        this(GpuModules.standard(), KernelCache.ofUser());
    }

    /**
     * Uses other kernels.
     *
     * @param modules their sources
     * @param cache where compiled ones are kept
     */
    public OpenClDriver(GpuModules modules, KernelCache cache) {
        this.modules = modules;
        this.cache = cache;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Discovery discover() {
        String problem = ClLibrary.load();
        if (!problem.isEmpty()) {
            return new Discovery(List.of(), problem);
        }
        try {
            ClDevice.Found found = ClDevice.find();
            List<GpuInfo> devices = found.devices().stream().map(ClDevice::info).toList();
            return new Discovery(devices, devices.isEmpty() ? found.problem() : "");
        } catch (DeviceException e) {
            return new Discovery(List.of(), e.getMessage());
        }
    }

    @Override
    public Gpu open(GpuInfo device) {
        String problem = ClLibrary.load();
        if (!problem.isEmpty()) {
            throw new DeviceException(problem);
        }
        List<ClDevice> devices = ClDevice.find().devices();
        if (device.ordinal() >= devices.size()) {
            throw new DeviceException(
                    "there is no OpenCL device " + device.ordinal() + ", only " + devices.size());
        }
        ClDevice found = devices.get(device.ordinal());
        // Under the lock, so that two who open one device at a time compile once
        synchronized (CONTEXTS) {
            Key key = new Key(found.id(), modules.toString());
            ClContext context = CONTEXTS.get(key);
            if (context == null || !context.tryUse()) {
                context = ClContext.open(found, modules, cache);
                CONTEXTS.put(key, context);
            }
            return new OpenClGpu(context);
        }
    }
}
