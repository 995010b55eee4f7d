/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.gpu.Gpu;
import io.offloadstream.platform.gpu.GpuDriver;
import io.offloadstream.platform.gpu.GpuInfo;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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

    private static final int NAME_BYTES = 256;

    /**
     * Open devices by ordinal: the primary context is one in a process, whoever made the driver.
     */
    private static final Map<Integer, CudaDevice> OPEN = new HashMap<>();

    /** Constructs a driver. Nothing is loaded yet. */
    public CudaDriver() {}

    @Override
    public String name() {
        return "cuda";
    }

    @Override
    public Discovery discover() {
        try {
            return devices(DriverLibrary.open());
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
        synchronized (OPEN) {
            CudaDevice device = OPEN.get(info.ordinal());
            boolean isShared = device != null && device.isUsed();
            // A lost context goes with the last that hangs on it; only then can there be a new one
            if (device != null && device.context().isOpen() && device.context().isLost()) {
                device.context().use();
            }
            if (!isShared) {
                device = new CudaDevice(DriverLibrary.open(), Nvml.open(), info);
                OPEN.put(info.ordinal(), device);
            }
            return new CudaGpu(device);
        }
    }
}
