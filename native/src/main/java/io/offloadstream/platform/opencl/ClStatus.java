/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.opencl;

import io.offloadstream.platform.DeviceException;

/**
 * The numbers that OpenCL functions return, as words.
 *
 * <p>Source: {@code cl.h} and {@code cl_ext.h} of the Khronos headers.
 */
final class ClStatus {

    private ClStatus() {}

    /**
     * Turns a failure into an exception. What it was must be a constant where the caller allocates
     * nothing.
     */
    static void check(int status, String what) {
        if (status != 0) {
            throw failure(status, what);
        }
    }

    static DeviceException failure(int status, String what) {
        return new DeviceException("OpenCL: " + what + " failed: " + name(status));
    }

    static String name(int status) {
        return switch (status) {
            case -1 -> "no device found";
            case -2 -> "device not available";
            case -3 -> "compiler not available";
            case -4 -> "memory object allocation failure";
            case -5 -> "out of resources (the device may be lost, or its memory full)";
            case -6 -> "out of host memory";
            case -7 -> "no profiling information";
            case -8 -> "overlapping copy";
            case -11 -> "build failure";
            case -12 -> "map failure";
            case -14 -> "work that was waited for failed (-14)";
            case -30 -> "invalid value (-30)";
            case -34 -> "invalid context (-34)";
            case -36 -> "invalid command queue (-36); the device may be lost";
            case -38 -> "invalid memory object (-38)";
            case -42 -> "invalid binary (-42)";
            case -44 -> "invalid program (-44)";
            case -45 -> "invalid program executable (-45)";
            case -46 -> "no kernel of this name";
            case -48 -> "invalid kernel (-48)";
            case -49 -> "invalid argument index (-49)";
            case -50 -> "invalid argument value (-50)";
            case -51 -> "invalid argument size (-51)";
            case -52 -> "invalid kernel arguments (-52)";
            case -54 -> "invalid work-group size (-54)";
            case -55 -> "invalid work-item size (-55)";
            case -57 -> "invalid event wait list (-57)";
            case -58 -> "invalid event (-58)";
            case -61 -> "invalid buffer size (-61)";
            case -63 -> "invalid global work size (-63)";
            case -1001 -> "no OpenCL driver is installed";
            default -> "error " + status;
        };
    }
}
