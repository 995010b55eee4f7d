/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.gpu.GpuInfo;
import io.offloadstream.platform.gpu.KernelCache;
import java.util.Map;
import java.util.OptionalLong;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.JCudaDriver;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An open device and what all its users share: context, kernels, heap, clock. */
final class CudaDevice {

    private static final Logger LOGGER = LoggerFactory.getLogger(CudaDevice.class);

    /**
     * What a context is taken to hold at most where NVML does not tell: contexts hold 200 to 500 MB
     * by card and driver, and without NVML other programs' memory cannot be told from it.
     */
    private static final long UNKNOWN_CONTEXT_BYTES = 512L << 20;

    private final CudaContext context;
    private final CudaHeap heap;
    private final CudaClock clock;
    private final CudaModules modules;
    private final PinnedMemory pinned;
    private final int processors;
    private final long contextBytes;
    private int users;

    /**
     * Opens a device.
     *
     * @param library the driver
     * @param nvml for the memory that is taken
     * @param info the device
     * @param sources of the kernels, by the name of their module
     * @param cache of compiled kernels
     * @throws DeviceException if it cannot be opened or a kernel does not compile
     */
    CudaDevice(
            DriverLibrary library,
            Nvml nvml,
            GpuInfo info,
            Map<String, String> sources,
            KernelCache cache) {
        OptionalLong freeBefore = nvml.freeBytes(info.pciAddress());
        context = new CudaContext(library, info);
        boolean opened = false;
        try {
            context.use();
            processors = attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
            heap = new CudaHeap(context);
            clock = new CudaClock(context);
            pinned = new PinnedMemory(context);
            int capability = capability(info);
            Nvrtc nvrtc = Nvrtc.find(library.version(), capability).orElse(null);
            LOGGER.debug("{}: NVRTC {}", info.name(), nvrtc == null ? "none" : nvrtc.version());
            KernelBinaries binaries =
                    new KernelBinaries(nvrtc, cache, capability, info.driverVersion());
            modules = new CudaModules(context, binaries, sources, LOGGER);
            contextBytes = measure(nvml, freeBefore);
            opened = true;
        } finally {
            if (!opened) {
                // The context takes with it what was made in it
                context.release();
            }
        }
    }

    /** Returns 90 of {@code sm_90}. */
    static int capability(GpuInfo info) {
        return Integer.parseInt(info.capability().substring("sm_".length()));
    }

    private int attribute(int attribute) {
        int[] value = new int[1];
        context.check(
                JCudaDriver.cuDeviceGetAttribute(value, attribute, context.device()),
                "cuDeviceGetAttribute");
        return value[0];
    }

    /**
     * Measures what this process holds now: as nvidia-smi shows it; else, where processes are not
     * told apart (containers, Windows), by how much less is free than before; else a bound.
     */
    private long measure(Nvml nvml, OptionalLong freeBefore) {
        OptionalLong process = nvml.processBytes(context.info().pciAddress());
        if (process.isPresent()) {
            return process.getAsLong();
        }
        long freeNow = heap.freeBytes();
        if (freeBefore.isPresent()) {
            return Math.max(freeBefore.getAsLong() - freeNow, CudaHeap.PAGE_BYTES);
        }
        return Math.min(context.info().totalBytes() - freeNow, UNKNOWN_CONTEXT_BYTES);
    }

    CudaContext context() {
        return context;
    }

    CudaHeap heap() {
        return heap;
    }

    CudaClock clock() {
        return clock;
    }

    CudaModules modules() {
        return modules;
    }

    PinnedMemory pinned() {
        return pinned;
    }

    int processors() {
        return processors;
    }

    long contextBytes() {
        return contextBytes;
    }

    /** Adds a user. */
    synchronized void addUser() {
        users++;
    }

    /** Ends one use; the last one frees what the users shared. */
    synchronized void removeUser() {
        users--;
        if (users == 0) {
            modules.close();
            clock.close();
            heap.close();
            context.release();
        }
    }

    /**
     * Tells whether it can have another user.
     *
     * @return false once the last has gone
     */
    synchronized boolean isUsed() {
        return users > 0;
    }
}
