/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.opencl;

import static org.lwjgl.opencl.CL10.CL_DEVICE_ADDRESS_BITS;
import static org.lwjgl.opencl.CL10.CL_DEVICE_AVAILABLE;
import static org.lwjgl.opencl.CL10.CL_DEVICE_COMPILER_AVAILABLE;
import static org.lwjgl.opencl.CL10.CL_DEVICE_GLOBAL_MEM_SIZE;
import static org.lwjgl.opencl.CL10.CL_DEVICE_LOCAL_MEM_SIZE;
import static org.lwjgl.opencl.CL10.CL_DEVICE_MAX_COMPUTE_UNITS;
import static org.lwjgl.opencl.CL10.CL_DEVICE_MAX_MEM_ALLOC_SIZE;
import static org.lwjgl.opencl.CL10.CL_DEVICE_MAX_WORK_GROUP_SIZE;
import static org.lwjgl.opencl.CL10.CL_DEVICE_TYPE;
import static org.lwjgl.opencl.CL10.CL_DEVICE_TYPE_ALL;
import static org.lwjgl.opencl.CL10.CL_DEVICE_TYPE_GPU;
import static org.lwjgl.opencl.CL10.CL_DEVICE_VENDOR;
import static org.lwjgl.opencl.CL10.CL_DEVICE_VERSION;
import static org.lwjgl.opencl.CL10.CL_DRIVER_VERSION;
import static org.lwjgl.opencl.CL10.CL_PLATFORM_VERSION;
import static org.lwjgl.opencl.CL10.nclGetDeviceIDs;
import static org.lwjgl.opencl.CL10.nclGetPlatformIDs;

import io.offloadstream.platform.gpu.GpuInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.lwjgl.PointerBuffer;
import org.lwjgl.system.MemoryStack;
import org.lwjgl.system.MemoryUtil;

/**
 * A device of some platform.
 *
 * @param platform OpenCL's handle
 * @param id OpenCL's handle, the same in all of the process
 * @param info for the user
 * @param maxAllocationBytes the largest memory object
 * @param processors compute units
 */
record ClDevice(long platform, long id, GpuInfo info, long maxAllocationBytes, int processors) {

    /** {@code CL_PLATFORM_NOT_FOUND_KHR}, from a loader without any driver. */
    private static final int NO_PLATFORM = -1001;

    /** Attention takes 27 KiB; every device of the full profile has as much as this. */
    private static final long LOCAL_BYTES = 32 << 10;

    /** The largest groups of the kernels. */
    private static final long GROUP_THREADS = 256;

    private static final Pattern VERSION = Pattern.compile("OpenCL (\\d+)\\.(\\d+).*");

    /**
     * What a search found: the devices that can be used, why there are no others, and whether that
     * is because one is there that cannot be used.
     */
    record Found(List<ClDevice> devices, String problem, boolean isFault) {}

    /** Looks at all platforms. The library is loaded. */
    static Found find() {
        SignalHandlers handlers = SignalHandlers.keep();
        try {
            return ask();
        } finally {
            handlers.restore();
        }
    }

    private static Found ask() {
        List<ClDevice> devices = new ArrayList<>();
        List<String> problems = new ArrayList<>();
        List<Long> platforms = platforms();
        for (long platform : platforms) {
            for (long id : devices(platform)) {
                String unusable = unusable(id);
                if (unusable.isEmpty()) {
                    devices.add(describe(platform, id, devices.size()));
                } else {
                    problems.add(ClInfo.deviceName(id) + ": " + unusable);
                }
            }
        }
        if (devices.isEmpty() && problems.isEmpty()) {
            String none =
                    platforms.isEmpty()
                            ? "no OpenCL driver is installed"
                            : "the OpenCL drivers (" + platforms.size() + ") have no device";
            return new Found(devices, none, false);
        }
        return new Found(devices, String.join("; ", problems), !problems.isEmpty());
    }

    private static List<Long> platforms() {
        try (MemoryStack stack = MemoryStack.stackPush()) {
            long count = stack.ncalloc(Integer.BYTES, 1, Integer.BYTES);
            int status = nclGetPlatformIDs(0, 0, count);
            PointerBuffer ids = stack.mallocPointer(MemoryUtil.memGetInt(count));
            if (status == 0 && ids.hasRemaining()) {
                status = nclGetPlatformIDs(ids.remaining(), ids.address(), 0);
            }
            if (status == NO_PLATFORM) {
                return List.of();
            }
            ClStatus.check(status, "clGetPlatformIDs");
            return list(ids);
        }
    }

    private static List<Long> devices(long platform) {
        try (MemoryStack stack = MemoryStack.stackPush()) {
            long count = stack.ncalloc(Integer.BYTES, 1, Integer.BYTES);
            // A platform without devices fails with "no device found"
            if (nclGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, 0, count) != 0) {
                return List.of();
            }
            PointerBuffer ids = stack.mallocPointer(MemoryUtil.memGetInt(count));
            ClStatus.check(
                    nclGetDeviceIDs(
                            platform, CL_DEVICE_TYPE_ALL, ids.remaining(), ids.address(), 0),
                    "clGetDeviceIDs");
            return list(ids);
        }
    }

    private static List<Long> list(PointerBuffer ids) {
        List<Long> list = new ArrayList<>();
        for (int i = 0; i < ids.remaining(); i++) {
            list.add(ids.get(i));
        }
        return list;
    }

    /** Says why a device cannot be used; empty if it can. */
    private static String unusable(long id) {
        Matcher version = VERSION.matcher(ClInfo.deviceText(id, CL_DEVICE_VERSION));
        if (!version.matches()
                || Integer.parseInt(version.group(1)) * 10 + Integer.parseInt(version.group(2))
                        < 12) {
            return "its driver has "
                    + ClInfo.deviceText(id, CL_DEVICE_VERSION)
                    + ", OpenCL 1.2 is needed";
        }
        if (ClInfo.deviceNumber(id, CL_DEVICE_AVAILABLE) == 0) {
            return "not available";
        }
        if (ClInfo.deviceNumber(id, CL_DEVICE_COMPILER_AVAILABLE) == 0) {
            return "its driver has no compiler";
        }
        if (ClInfo.deviceNumber(id, CL_DEVICE_ADDRESS_BITS) < 64) {
            return "its addresses have less than 64 bits";
        }
        return tooSmall(
                ClInfo.deviceNumber(id, CL_DEVICE_LOCAL_MEM_SIZE),
                ClInfo.deviceNumber(id, CL_DEVICE_MAX_WORK_GROUP_SIZE));
    }

    /**
     * Says what the kernels need more of; empty if they do not.
     *
     * @param localBytes of a group's own memory
     * @param groupThreads most threads of a group
     */
    static String tooSmall(long localBytes, long groupThreads) {
        if (localBytes < LOCAL_BYTES) {
            return "it has "
                    + localBytes
                    + " bytes of local memory, "
                    + LOCAL_BYTES
                    + " are needed";
        }
        return groupThreads < GROUP_THREADS
                ? "its groups have at most "
                        + groupThreads
                        + " threads, "
                        + GROUP_THREADS
                        + " are needed"
                : "";
    }

    private static ClDevice describe(long platform, long id, int ordinal) {
        Matcher version = VERSION.matcher(ClInfo.deviceText(id, CL_DEVICE_VERSION));
        if (!version.matches()) {
            throw new IllegalStateException("checked before: " + version);
        }
        long totalBytes = ClInfo.deviceNumber(id, CL_DEVICE_GLOBAL_MEM_SIZE);
        long freeBytes = ClInfo.freeBytes(id);
        GpuInfo info =
                new GpuInfo(
                        OpenClDriver.NAME,
                        ordinal,
                        ClInfo.deviceName(id),
                        ClInfo.deviceText(id, CL_DEVICE_VENDOR),
                        totalBytes,
                        freeBytes < 0 ? totalBytes : freeBytes,
                        "OpenCL " + version.group(1) + "." + version.group(2),
                        ClInfo.deviceText(id, CL_DRIVER_VERSION),
                        ClInfo.pciAddress(id),
                        (ClInfo.deviceNumber(id, CL_DEVICE_TYPE) & CL_DEVICE_TYPE_GPU) != 0);
        return new ClDevice(
                platform,
                id,
                info,
                ClInfo.deviceNumber(id, CL_DEVICE_MAX_MEM_ALLOC_SIZE),
                (int) ClInfo.deviceNumber(id, CL_DEVICE_MAX_COMPUTE_UNITS));
    }

    /** Says what compiled code depends on beside its source. */
    String compiler() {
        return String.join(
                "\n",
                ClInfo.platformText(platform, CL_PLATFORM_VERSION),
                info.driverVersion(),
                info.vendor(),
                info.name(),
                info.capability());
    }
}
