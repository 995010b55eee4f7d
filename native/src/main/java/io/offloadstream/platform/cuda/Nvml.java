/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import java.nio.charset.StandardCharsets;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * NVML by JNA: what {@code nvidia-smi} shows, without a context. Optional: without it, or where it
 * does not tell (a process in a container has another number outside, Windows' display driver
 * counts for itself), the results are empty.
 */
final class Nvml {

    /** Names the file of the library, for tests. */
    static final String PROPERTY = "offloadstream.libnvml";

    private static final Logger LOGGER = LoggerFactory.getLogger(Nvml.class);

    private static final int VERSION_BYTES = 96;

    /** nvmlMemory_t: total, free, used. */
    private static final int MEMORY_INFO_BYTES = 24;

    private static final int MEMORY_INFO_FREE = 8;

    /** nvmlProcessInfo_t of the functions _v2 and _v3: pid, used memory, two instance numbers. */
    private static final int PROCESS_INFO_BYTES = 24;

    private static final int PROCESS_INFO_USED = 8;
    private static final int MAXIMUM_PROCESSES = 256;

    private final NativeLibrary library;

    private Nvml(NativeLibrary library) {
        this.library = library;
    }

    /**
     * Opens NVML. It stays open while the process lives.
     *
     * @return NVML, which tells nothing where it is missing
     */
    static Nvml open() {
        String name =
                System.getProperty(PROPERTY, Platform.isWindows() ? "nvml" : "libnvidia-ml.so.1");
        try {
            Nvml nvml = new Nvml(NativeLibrary.getInstance(name));
            int result = nvml.call("nvmlInit_v2");
            if (result == 0) {
                return nvml;
            }
            LOGGER.debug("NVML does not start: {}", result);
        } catch (UnsatisfiedLinkError e) {
            LOGGER.debug("NVML is missing: {}", e.getMessage());
        }
        return new Nvml(null);
    }

    private int call(String function, Object... arguments) {
        return library.getFunction(function).invokeInt(arguments);
    }

    /**
     * Returns the driver's version as nvidia-smi prints it.
     *
     * @return {@code 550.54.15}, or an empty text
     */
    String driverVersion() {
        if (library == null) {
            return "";
        }
        byte[] text = new byte[VERSION_BYTES];
        try {
            if (call("nvmlSystemGetDriverVersion", text, text.length) != 0) {
                return "";
            }
        } catch (UnsatisfiedLinkError e) {
            LOGGER.debug("NVML tells no version", e);
            return "";
        }
        int length = 0;
        while (length < text.length && text[length] != 0) {
            length++;
        }
        return new String(text, 0, length, StandardCharsets.US_ASCII);
    }

    /**
     * Returns the free memory of a device.
     *
     * @param pciAddress of the device
     * @return bytes, or nothing
     */
    OptionalLong freeBytes(String pciAddress) {
        try (Memory info = new Memory(MEMORY_INFO_BYTES)) {
            Pointer device = device(pciAddress);
            if (device == null || call("nvmlDeviceGetMemoryInfo", device, info) != 0) {
                return OptionalLong.empty();
            }
            return OptionalLong.of(info.getLong(MEMORY_INFO_FREE));
        } catch (UnsatisfiedLinkError e) {
            LOGGER.debug("NVML tells no free memory", e);
            return OptionalLong.empty();
        }
    }

    /**
     * Returns what this process holds of a device.
     *
     * @param pciAddress of the device
     * @return bytes, or nothing
     */
    OptionalLong processBytes(String pciAddress) {
        try (Memory infos = new Memory((long) MAXIMUM_PROCESSES * PROCESS_INFO_BYTES)) {
            Pointer device = device(pciAddress);
            IntByReference count = new IntByReference(MAXIMUM_PROCESSES);
            if (device == null || runningProcesses(device, count, infos) != 0) {
                return OptionalLong.empty();
            }
            long pid = ProcessHandle.current().pid();
            for (int i = 0; i < count.getValue(); i++) {
                long entry = (long) i * PROCESS_INFO_BYTES;
                long used = infos.getLong(entry + PROCESS_INFO_USED);
                // NVML_VALUE_NOT_AVAILABLE is -1
                if (Integer.toUnsignedLong(infos.getInt(entry)) == pid && used > 0) {
                    return OptionalLong.of(used);
                }
            }
        } catch (UnsatisfiedLinkError e) {
            LOGGER.debug("NVML tells no memory of processes", e);
        }
        return OptionalLong.empty();
    }

    private int runningProcesses(Pointer device, IntByReference count, Memory infos) {
        try {
            return call("nvmlDeviceGetComputeRunningProcesses_v3", device, count, infos);
        } catch (UnsatisfiedLinkError e) {
            return call("nvmlDeviceGetComputeRunningProcesses_v2", device, count, infos);
        }
    }

    private Pointer device(String pciAddress) {
        PointerByReference device = new PointerByReference();
        return library != null && call("nvmlDeviceGetHandleByPciBusId_v2", pciAddress, device) == 0
                ? device.getValue()
                : null;
    }
}
