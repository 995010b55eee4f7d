/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

/**
 * What the numbers of {@code CUfileOpError} mean (cufile.h; GDS cuFile API Reference, 4.1.3), with
 * what to do about those that a user can do something about.
 */
final class CuFileCode {

    static final int SUCCESS = 0;

    /** Codes of cuFile are above this; below are those of the C library. */
    static final int BASE = 5000;

    static final int DRIVER_NOT_INITIALIZED = 5001;
    static final int CUDA_DRIVER_ERROR = 5011;
    static final int DRIVER_ALREADY_OPEN = 5026;

    private CuFileCode() {}

    /** Says in words what a call returned. */
    static String text(int code, int cuda) {
        String meaning =
                switch (code) {
                    case DRIVER_NOT_INITIALIZED ->
                            "nvidia-fs is not loaded and allow_compat_mode is off in cufile.json;"
                                    + " load it (modprobe nvidia-fs) or allow compat mode";
                    case 5002 -> "a property is invalid";
                    case 5003 -> "a property is out of range";
                    case 5004 ->
                            "the versions of nvidia-fs and libcufile do not match; install both"
                                    + " from one release";
                    case 5005 -> "the version of nvidia-fs cannot be read";
                    case 5006 -> "the cuFile driver is closing";
                    case 5007 -> "this platform is not supported";
                    case 5008 ->
                            "this file is not supported: its file system has no direct path and"
                                    + " allow_compat_mode is off in cufile.json";
                    case 5009 -> "this card is not supported";
                    case 5010 -> "nvidia-fs failed";
                    case CUDA_DRIVER_ERROR -> "the CUDA driver failed";
                    case 5012 -> "the device address is invalid";
                    case 5013 -> "this type of memory cannot be registered";
                    case 5014 -> "the range exceeds the allocated memory";
                    case 5015 -> "the memory belongs to another CUDA context";
                    case 5016, 5036 ->
                            "no more device memory can be pinned; lower deviceSlots or raise"
                                    + " max_device_pinned_mem_size_kb in cufile.json";
                    case 5017 -> "the range exceeds the registered memory";
                    case 5018 -> "the file is of an unsupported type";
                    case 5019 -> "the file was opened with unsupported flags";
                    case 5020 -> "the file was not opened for direct io";
                    case 5022 -> "an argument is invalid";
                    case 5023 -> "the memory is registered already";
                    case 5024 -> "the memory is not registered";
                    case 5025 ->
                            "access is denied; the user needs to read and write /dev/nvidia-fs*";
                    case DRIVER_ALREADY_OPEN -> "the driver is open already";
                    case 5027 -> "the file is not registered";
                    case 5028 -> "the file is registered already";
                    case 5029 -> "the card is not found";
                    case 5030 -> "an internal error; cufile.log has more";
                    case 5031 -> "no file descriptor is left";
                    case 5033 -> "cuFile or nvidia-fs cannot be initialized; cufile.log has more";
                    case 5034 -> "cufile.json disables GPUDirect Storage for this file";
                    case 5043 -> "cuFile is out of memory";
                    case 5044 -> "the read failed";
                    case 5045 -> "the buffer cannot be registered";
                    case 5047 -> "there is no valid CUDA context";
                    case 5048 -> "nvidia-fs has an internal error";
                    default -> "an error that this version does not know";
                };
        String number = " (cuFile error " + code;
        return meaning + number + (cuda == 0 ? ")" : ", CUDA error " + cuda + ")");
    }
}
