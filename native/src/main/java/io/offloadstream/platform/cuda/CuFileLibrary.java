/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import io.offloadstream.platform.DeviceException;
import java.util.List;

/**
 * The functions of {@code libcufile} as cufile.h of its version 1.15 (CUDA 13.0) declares them;
 * those that older versions lack are null. Loading it needs no CUDA: it looks for {@code
 * libcuda.so.1} itself when its driver is opened.
 */
final class CuFileLibrary {

    /** Names the library where it is not among the system's: a file, or a name. */
    static final String PATH_PROPERTY = "offloadstream.cufile";

    private static final List<String> NAMES = List.of("libcufile.so.0", "libcufile.so");

    /** {@code CU_FILE_HANDLE_TYPE_OPAQUE_FD}. */
    static final int HANDLE_TYPE_DESCRIPTOR = 1;

    /** {@code CUfileError_t}, returned by value: 8 bytes. */
    @Structure.FieldOrder({"code", "cuda"})
    public static class Status extends Structure implements Structure.ByValue {
        /** {@code CUfileOpError}. */
        public int code;

        /** {@code CUresult}, of meaning if the code is {@link CuFileCode#CUDA_DRIVER_ERROR}. */
        public int cuda;
    }

    /** {@code CUfileDescr_t}: 24 bytes, the descriptor in a union with a pointer. */
    @Structure.FieldOrder({"type", "handle", "operations"})
    public static class Descriptor extends Structure {
        /** Which kind of file: {@link #HANDLE_TYPE_DESCRIPTOR}. */
        public int type = HANDLE_TYPE_DESCRIPTOR;

        /** File descriptor in the lower half: every system that has cuFile is little-endian. */
        public long handle;

        /** {@code CUfileFSOps_t*}, for file systems in user space. */
        public Pointer operations;
    }

    /**
     * {@code CUfileDrvProps_t}: 56 bytes, the first 32 of them the nested struct {@code nvfs}.
     * Sizes are in KiB.
     */
    @Structure.FieldOrder({
        "majorVersion",
        "minorVersion",
        "pollThresholdSize",
        "maxDirectIoSize",
        "statusFlags",
        "controlFlags",
        "featureFlags",
        "maxDeviceCacheSize",
        "perBufferCacheSize",
        "maxDevicePinnedMemorySize",
        "maxBatchIoSize",
        "maxBatchIoTimeoutMillis",
        "reserved"
    })
    public static class Properties extends Structure {
        /** Of nvidia-fs; 0 where it is not loaded. */
        public int majorVersion;

        /** Of nvidia-fs. */
        public int minorVersion;

        /** Up to which size requests are polled for. */
        public long pollThresholdSize;

        /** The largest request to a file system. */
        public long maxDirectIoSize;

        /** {@code CUfileDriverStatusFlags}: bit numbers of what nvidia-fs supports. */
        public int statusFlags;

        /** {@code CUfileDriverControlFlags}: bit 0 poll mode, bit 1 allow_compat_mode. */
        public int controlFlags;

        /** {@code CUfileFeatureFlags}. */
        public int featureFlags;

        /** Internal buffers of the library on the card. */
        public int maxDeviceCacheSize;

        /** One of them. */
        public int perBufferCacheSize;

        /** How much memory of the card may be registered. */
        public int maxDevicePinnedMemorySize;

        /** Requests in a batch. */
        public int maxBatchIoSize;

        /** How long a batch may take. */
        public int maxBatchIoTimeoutMillis;

        /** Room for what later versions may add. */
        public int[] reserved = new int[32];
    }

    final Function driverOpen;
    final Function driverClose;
    final Function driverGetProperties;
    final Function handleRegister;
    final Function handleDeregister;
    final Function bufRegister;
    final Function bufDeregister;
    final Function read;

    /** In all versions, but nothing depends on it. */
    final Function setMaxCacheSize;

    /** From version 1.8 on. */
    final Function getVersion;

    /** From version 1.14 on. */
    final Function getParameterBool;

    /** From version 1.15 on, like the rest. */
    final Function getStatsLevel;

    final Function setStatsLevel;
    final Function statsStart;
    final Function getStatsL3;
    private final NativeLibrary library;

    private CuFileLibrary(NativeLibrary library) {
        this.library = library;
        driverOpen = library.getFunction("cuFileDriverOpen");
        Function close = optional("cuFileDriverClose_v2");
        driverClose = close == null ? library.getFunction("cuFileDriverClose") : close;
        driverGetProperties = library.getFunction("cuFileDriverGetProperties");
        handleRegister = library.getFunction("cuFileHandleRegister");
        handleDeregister = library.getFunction("cuFileHandleDeregister");
        bufRegister = library.getFunction("cuFileBufRegister");
        bufDeregister = library.getFunction("cuFileBufDeregister");
        read = library.getFunction("cuFileRead");
        setMaxCacheSize = optional("cuFileDriverSetMaxCacheSize");
        getVersion = optional("cuFileGetVersion");
        getParameterBool = optional("cuFileGetParameterBool");
        getStatsLevel = optional("cuFileGetStatsLevel");
        setStatsLevel = optional("cuFileSetStatsLevel");
        statsStart = optional("cuFileStatsStart");
        getStatsL3 = optional("cuFileGetStatsL3");
    }

    private Function optional(String name) {
        try {
            return library.getFunction(name);
        } catch (UnsatisfiedLinkError e) {
            return null; // an older version
        }
    }

    /**
     * Loads the library.
     *
     * @throws DeviceException if it is not there or lacks functions that all versions have
     */
    static CuFileLibrary load() {
        if (!Platform.isLinux() || !Platform.is64Bit()) {
            throw new DeviceException("cuFile exists on 64-bit Linux only");
        }
        String given = System.getProperty(PATH_PROPERTY);
        List<String> names = given == null ? NAMES : List.of(given);
        LinkageError first = null;
        for (String name : names) {
            try {
                return new CuFileLibrary(NativeLibrary.getInstance(name));
            } catch (LinkageError e) {
                first = first == null ? e : first;
            }
        }
        String reason = String.valueOf(first.getMessage()).lines().findFirst().orElse("");
        throw new DeviceException(
                "cuFile is not found ("
                        + reason
                        + "); install NVIDIA's libcufile, or name the file by -D"
                        + PATH_PROPERTY,
                first);
    }

    /** Where it was loaded from. */
    String file() {
        return String.valueOf(library.getFile());
    }
}
