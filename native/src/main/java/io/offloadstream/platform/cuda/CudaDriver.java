/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import com.sun.jna.Platform;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.gpu.DeviceFiles;
import io.offloadstream.platform.gpu.Gpu;
import io.offloadstream.platform.gpu.GpuDriver;
import io.offloadstream.platform.gpu.GpuInfo;
import io.offloadstream.platform.gpu.KernelCache;
import io.offloadstream.platform.gpu.KernelSources;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.regex.Pattern;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.JCudaDriver;

/**
 * CUDA's driver API. jcuda's library is loaded only after the driver's own was found and started by
 * JNA, and no context is made before {@link #open}.
 *
 * <p>System properties, all optional: {@code offloadstream.libcuda}, {@code offloadstream.libnvrtc}
 * ({@code none} to take the kernels from the jar) and {@code offloadstream.libnvml} name the files
 * of libraries; {@code offloadstream.cache} the folder of compiled kernels. Thread-safe.
 */
public final class CudaDriver implements GpuDriver {

    /** Pascal: what the jar's PTX is for. */
    private static final int OLDEST_CAPABILITY = KernelBinaries.PTX_CAPABILITY;

    private static final Pattern CARD_FILE = Pattern.compile("nvidia\\d+");

    private static final int NAME_BYTES = 256;

    /** Open devices of this process. One that its last user has left is replaced when asked for. */
    private static final Map<Key, CudaDevice> OPEN = new HashMap<>();

    /** What users of one device have in common. */
    private record Key(int ordinal, Map<String, String> sources) {}

    private final IntFunction<Map<String, String>> sources;
    private final KernelCache cache;

    /** Constructs a driver with the kernels of the operators. Nothing is loaded yet. */
    public CudaDriver() {
        this(CudaDriver::kernels, KernelCache.ofUser());
    }

    /** With other kernels: sources by the name of their module, for a capability such as 90. */
    CudaDriver(IntFunction<Map<String, String>> sources, KernelCache cache) {
        this.sources = sources;
        this.cache = cache;
    }

    private static Map<String, String> kernels(int capability) {
        Map<String, String> sources = new TreeMap<>();
        for (String module : KernelSources.commonModules()) {
            sources.put(module, KernelSources.source("cuda", module));
        }
        for (String module : KernelSources.cudaModules(capability)) {
            sources.put(module, KernelSources.source("cuda", module));
        }
        return sources;
    }

    @Override
    public String name() {
        return "cuda";
    }

    @Override
    public Discovery discover() {
        return discover(Platform.isLinux(), Path.of("/dev"));
    }

    /** Looks for devices where files of them may be in a folder, on Linux. */
    static Discovery discover(boolean linux, Path files) {
        try {
            return devices(DriverLibrary.open());
        } catch (DriverLibrary.MissingException e) {
            return Discovery.missing(
                    e.getMessage(), linux ? DeviceFiles.find(files, CARD_FILE) : Optional.empty());
        } catch (DriverLibrary.AbsentException e) {
            return Discovery.absent(e.getMessage());
        } catch (DeviceException e) {
            return new Discovery(List.of(), e.getMessage());
        } catch (LinkageError e) {
            return new Discovery(List.of(), jcudaProblem(e));
        }
    }

    private static String jcudaProblem(LinkageError e) {
        return "jcuda's library does not load on "
                + System.getProperty("os.name")
                + " "
                + System.getProperty("os.arch")
                + " (it exists for linux-x86_64 and windows-x86_64): "
                + String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }

    private static Discovery devices(DriverLibrary library) {
        Nvml nvml = Nvml.open();
        int[] count = new int[1];
        check(library, JCudaDriver.cuDeviceGetCount(count), "cuDeviceGetCount");
        List<GpuInfo> devices = new ArrayList<>();
        String problem = "the NVIDIA driver finds no device";
        for (int ordinal = 0; ordinal < count[0]; ordinal++) {
            GpuInfo device = device(library, nvml, ordinal);
            if (CudaDevice.capability(device) >= OLDEST_CAPABILITY) {
                devices.add(device);
            } else {
                problem =
                        device.name()
                                + " is "
                                + device.capability()
                                + ", sm_"
                                + OLDEST_CAPABILITY
                                + " or newer is needed";
            }
        }
        return new Discovery(devices, devices.isEmpty() ? problem : "");
    }

    private static GpuInfo device(DriverLibrary library, Nvml nvml, int ordinal) {
        CUdevice device = new CUdevice();
        check(library, JCudaDriver.cuDeviceGet(device, ordinal), "cuDeviceGet");
        byte[] name = new byte[NAME_BYTES];
        check(library, JCudaDriver.cuDeviceGetName(name, name.length, device), "cuDeviceGetName");
        String[] pci = new String[1];
        check(library, JCudaDriver.cuDeviceGetPCIBusId(pci, 32, device), "cuDeviceGetPCIBusId");
        long[] total = new long[1];
        check(library, JCudaDriver.cuDeviceTotalMem(total, device), "cuDeviceTotalMem");
        int major =
                attribute(
                        library,
                        device,
                        CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
        int minor =
                attribute(
                        library,
                        device,
                        CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
        String pciAddress = pci[0].toLowerCase(Locale.ROOT);
        String version = "CUDA " + DriverLibrary.versionName(library.version());
        String release = nvml.driverVersion();
        return new GpuInfo(
                "cuda",
                ordinal,
                new String(name, StandardCharsets.UTF_8).replace("\0", "").strip(),
                "NVIDIA",
                total[0],
                nvml.freeBytes(pciAddress).orElse(total[0]),
                "sm_" + major + minor,
                release.isEmpty() ? version : release + ", " + version,
                pciAddress,
                true);
    }

    private static int attribute(DriverLibrary library, CUdevice device, int attribute) {
        int[] value = new int[1];
        check(
                library,
                JCudaDriver.cuDeviceGetAttribute(value, attribute, device),
                "cuDeviceGetAttribute");
        return value[0];
    }

    private static void check(DriverLibrary library, int result, String call) {
        if (result != CudaResult.SUCCESS) {
            throw new DeviceException(call + ": " + library.describe(result));
        }
    }

    @Override
    public Gpu open(GpuInfo info) {
        Key key = new Key(info.ordinal(), sources.apply(CudaDevice.capability(info)));
        // Under the lock, so that two who open one device at a time compile once
        synchronized (OPEN) {
            for (Map.Entry<Key, CudaDevice> entry : OPEN.entrySet()) {
                // A lost context goes with the last that hangs on it; only then there is a new one
                if (entry.getKey().ordinal() == info.ordinal()) {
                    entry.getValue().context().checkUsable();
                }
            }
            CudaDevice device = OPEN.get(key);
            if (device == null || !device.isUsed()) {
                device =
                        new CudaDevice(
                                DriverLibrary.open(), Nvml.open(), info, key.sources(), cache);
                OPEN.put(key, device);
            }
            return new CudaGpu(device);
        }
    }
}
