/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.opencl;

import com.sun.jna.Platform;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.gpu.DeviceFiles;
import io.offloadstream.platform.gpu.Gpu;
import io.offloadstream.platform.gpu.GpuDriver;
import io.offloadstream.platform.gpu.GpuInfo;
import io.offloadstream.platform.gpu.KernelCache;
import io.offloadstream.platform.gpu.KernelSources;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/** The way to devices through OpenCL. Thread-safe. */
public final class OpenClDriver implements GpuDriver {

    static final String NAME = "opencl";

    private static final Path DEVICES = Path.of("/dev");

    /**
     * Open contexts of this process. One that its last user has left is replaced when asked for.
     */
    private static final Map<Key, ClContext> CONTEXTS = new HashMap<>();

    /** What users of one context have in common. */
    private record Key(long device, Map<String, String> sources) {}

    /** AMD, NVIDIA, Windows' subsystem for Linux, Arm, Qualcomm, Imagination. */
    private static final Pattern GPU_FILE =
            Pattern.compile("kfd|nvidia(ctl|\\d+)|dxg|mali\\d*|kgsl-3d\\d+|pvr_sync");

    /** A display without a GPU (a server's console) has a card there, but nothing that renders. */
    private static final Pattern RENDER_NODE = Pattern.compile("renderD\\d+");

    private final Supplier<Map<String, String>> sources;
    private final KernelCache cache;

    /** Compiles the kernels of the operators, and keeps them in the user's cache. */
    public OpenClDriver() {
        this(OpenClDriver::kernels, KernelCache.ofUser());
    }

    /** Compiles other kernels: sources by the name of their module. */
    OpenClDriver(Supplier<Map<String, String>> sources, KernelCache cache) {
        this.sources = sources;
        this.cache = cache;
    }

    private static Map<String, String> kernels() {
        Map<String, String> sources = new TreeMap<>();
        for (String module : KernelSources.commonModules()) {
            sources.put(module, KernelSources.source(NAME, module));
        }
        return sources;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public boolean mayHaveGpu() {
        return mayHaveGpu(Platform.isLinux(), DEVICES);
    }

    /** Drivers reach a GPU through a file; elsewhere than on Linux the system has its own list. */
    static boolean mayHaveGpu(boolean linux, Path devices) {
        if (!linux) {
            return true;
        }
        return !Files.isReadable(devices) || gpuFile(devices).isPresent();
    }

    /** The file of a GPU in Linux' folder of devices. */
    static Optional<Path> gpuFile(Path devices) {
        return DeviceFiles.find(devices, GPU_FILE)
                .or(() -> DeviceFiles.find(devices.resolve("dri"), RENDER_NODE));
    }

    @Override
    public Discovery discover() {
        String problem = ClLibrary.load();
        if (!problem.isEmpty()) {
            return ClLibrary.isMissing()
                    ? Discovery.missing(problem, gpuFile())
                    : new Discovery(List.of(), problem);
        }
        try {
            ClDevice.Found found = ClDevice.find();
            List<GpuInfo> devices = found.devices().stream().map(ClDevice::info).toList();
            return discovery(devices, found.problem(), found.isFault(), gpuFile());
        } catch (DeviceException e) {
            return new Discovery(List.of(), e.getMessage());
        }
    }

    /**
     * Says what a search came to.
     *
     * @param devices that can be used
     * @param problem why others cannot, or why there are none
     * @param isFault whether there are such others
     * @param gpuFile of a GPU that should be among them
     * @return a fault also where processors alone can be used although there is a GPU
     */
    static Discovery discovery(
            List<GpuInfo> devices, String problem, boolean isFault, Optional<Path> gpuFile) {
        if (isFault && devices.stream().noneMatch(GpuInfo::isGpu)) {
            return new Discovery(devices, problem, true);
        }
        if (devices.isEmpty()) {
            return Discovery.missing(problem, gpuFile);
        }
        if (gpuFile.isPresent() && devices.stream().noneMatch(GpuInfo::isGpu)) {
            String missing = "its drivers show processors only, though there is " + gpuFile.get();
            return new Discovery(devices, missing, true);
        }
        return new Discovery(devices, "");
    }

    private static Optional<Path> gpuFile() {
        return Platform.isLinux() ? gpuFile(DEVICES) : Optional.empty();
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
        Map<String, String> kernels = sources.get();
        // Under the lock, so that two who open one device at a time compile once
        synchronized (CONTEXTS) {
            Key key = new Key(found.id(), kernels);
            ClContext context = CONTEXTS.get(key);
            if (context == null || !context.tryUse()) {
                context = ClContext.open(found, kernels, cache);
                CONTEXTS.put(key, context);
            }
            return new OpenClGpu(context);
        }
    }
}
