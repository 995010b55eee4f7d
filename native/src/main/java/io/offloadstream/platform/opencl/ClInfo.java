/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.opencl;

import static org.lwjgl.opencl.CL10.CL_DEVICE_EXTENSIONS;
import static org.lwjgl.opencl.CL10.CL_DEVICE_NAME;
import static org.lwjgl.opencl.CL10.nclGetDeviceInfo;
import static org.lwjgl.opencl.CL10.nclGetPlatformInfo;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import org.lwjgl.system.MemoryStack;
import org.lwjgl.system.MemoryUtil;

/** Questions to a device or a platform. What a driver does not know is empty or 0. */
final class ClInfo {

    private static final int BOARD_NAME_AMD = 0x4038;
    private static final int GLOBAL_FREE_MEMORY_AMD = 0x4039;
    private static final int TOPOLOGY_AMD = 0x4037;
    private static final int TOPOLOGY_AMD_BYTES = 24;
    private static final int PCI_BUS_ID_NV = 0x4008;
    private static final int PCI_SLOT_ID_NV = 0x4009;
    private static final int PCI_DOMAIN_ID_NV = 0x400A;
    private static final int PCI_BUS_INFO_KHR = 0x410F;

    private ClInfo() {}

    /** A function that OpenCL asks things by: (what, room, target, actual size) to status. */
    private interface Query {
        int ask(int what, long room, long target, long size);
    }

    static String platformText(long platform, int what) {
        return text(
                (w, room, target, size) -> nclGetPlatformInfo(platform, w, room, target, size),
                what);
    }

    static String deviceText(long device, int what) {
        return text(
                (w, room, target, size) -> nclGetDeviceInfo(device, w, room, target, size), what);
    }

    private static String text(Query query, int what) {
        try (MemoryStack stack = MemoryStack.stackPush()) {
            long size = stack.ncalloc(Long.BYTES, 1, Long.BYTES);
            if (query.ask(what, 0, 0, size) != 0) {
                return "";
            }
            // Lists of extensions are longer than the stack
            ByteBuffer bytes = MemoryUtil.memCalloc((int) MemoryUtil.memGetAddress(size) + 1);
            try {
                int status =
                        query.ask(what, bytes.capacity() - 1L, MemoryUtil.memAddress(bytes), 0);
                String text = StandardCharsets.UTF_8.decode(bytes).toString();
                int end = text.indexOf('\0');
                return status != 0 ? "" : text.substring(0, end < 0 ? text.length() : end).strip();
            } finally {
                MemoryUtil.memFree(bytes);
            }
        }
    }

    /** An unsigned int or long: the unused upper bytes are 0 (all devices are little-endian). */
    static long deviceNumber(long device, int what) {
        try (MemoryStack stack = MemoryStack.stackPush()) {
            long value = stack.ncalloc(Long.BYTES, 2, Long.BYTES);
            return nclGetDeviceInfo(device, what, 2L * Long.BYTES, value, 0) == 0
                    ? MemoryUtil.memGetLong(value)
                    : 0;
        }
    }

    /** The name that is printed on the card, where there is one. */
    static String deviceName(long device) {
        String board = has(device, "cl_amd_device_attribute_query", BOARD_NAME_AMD);
        return board.isEmpty() ? deviceText(device, CL_DEVICE_NAME) : board;
    }

    private static String has(long device, String extension, int what) {
        return extensions(device).contains(extension) ? deviceText(device, what) : "";
    }

    private static Set<String> extensions(long device) {
        return Set.copyOf(Arrays.asList(deviceText(device, CL_DEVICE_EXTENSIONS).split(" +")));
    }

    /** Memory that is free, or -1 where the driver does not tell: only AMD's does. */
    static long freeBytes(long device) {
        if (!extensions(device).contains("cl_amd_device_attribute_query")) {
            return -1;
        }
        long freeKb = deviceNumber(device, GLOBAL_FREE_MEMORY_AMD);
        return freeKb == 0 ? -1 : freeKb << 10;
    }

    /** {@code 0000:3b:00.0}, or empty. */
    static String pciAddress(long device) {
        Set<String> extensions = extensions(device);
        try (MemoryStack stack = MemoryStack.stackPush()) {
            long at = stack.ncalloc(Long.BYTES, TOPOLOGY_AMD_BYTES, 1);
            if (extensions.contains("cl_khr_pci_bus_info")
                    && nclGetDeviceInfo(device, PCI_BUS_INFO_KHR, 4L * Integer.BYTES, at, 0) == 0) {
                return pciAddress(
                        MemoryUtil.memGetInt(at),
                        MemoryUtil.memGetInt(at + 4),
                        MemoryUtil.memGetInt(at + 8),
                        MemoryUtil.memGetInt(at + 12));
            }
            if (extensions.contains("cl_nv_device_attribute_query")) {
                int slot = (int) deviceNumber(device, PCI_SLOT_ID_NV); // device << 3 | function
                return pciAddress(
                        (int) deviceNumber(device, PCI_DOMAIN_ID_NV),
                        (int) deviceNumber(device, PCI_BUS_ID_NV),
                        slot >> 3,
                        slot & 7);
            }
            if (extensions.contains("cl_amd_device_attribute_query")
                    && nclGetDeviceInfo(device, TOPOLOGY_AMD, TOPOLOGY_AMD_BYTES, at, 0) == 0
                    && MemoryUtil.memGetInt(at) == 1) { // a PCIe card; then 17 unused bytes
                return pciAddress(
                        0,
                        MemoryUtil.memGetByte(at + 21) & 0xFF,
                        MemoryUtil.memGetByte(at + 22) & 0xFF,
                        MemoryUtil.memGetByte(at + 23) & 0xFF);
            }
        }
        return "";
    }

    static String pciAddress(int domain, int bus, int device, int function) {
        return String.format(Locale.ROOT, "%04x:%02x:%02x.%x", domain, bus, device, function);
    }
}
