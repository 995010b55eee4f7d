/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.gpu;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A way to devices: CUDA's driver API, or OpenCL. Probing it loads its library, nothing before. */
public interface GpuDriver {

    /**
     * Returns its name, a value of the option {@code backend}.
     *
     * @return {@code cuda} or {@code opencl}
     */
    String name();

    /**
     * Tells whether it is worth looking for a GPU, without loading anything. Drivers take memory
     * and time by being loaded, PoCL's compiler alone 80 MB: a model that nobody asked a GPU for
     * should not pay that where none is plugged in.
     *
     * @return false if {@link #discover} would find no GPU
     */
    default boolean mayHaveGpu() {
        return true;
    }

    /**
     * Looks for devices. Never throws: what is missing is said in the result.
     *
     * @return what was found
     */
    Discovery discover();

    /**
     * Opens a device. One that is open already is shared: memory, streams and compiled kernels
     * belong to who made them, the context closes with the last user.
     *
     * @param device from {@link #discover}
     * @return the device, for the caller to close
     * @throws io.offloadstream.platform.DeviceException if it cannot be opened or a kernel does not
     *     compile; the message has the log
     */
    Gpu open(GpuInfo device);

    /**
     * What a driver found.
     *
     * @param devices in the driver's order
     * @param problem why there are none, or none but processors beside a GPU, in one line for the
     *     user: the library that is missing, the driver that is too old; else empty
     * @param isFault whether something is there that does not work, which the user should know even
     *     if another device serves; false where there is nothing to use
     */
    record Discovery(List<GpuInfo> devices, String problem, boolean isFault) {

        /** Makes the list immutable. */
        public Discovery {
            devices = List.copyOf(devices);
        }

        /**
         * Describes a driver that is there.
         *
         * @param devices in the driver's order
         * @param problem a fault if there are no devices
         */
        public Discovery(List<GpuInfo> devices, String problem) {
            this(devices, problem, devices.isEmpty());
        }

        /**
         * Describes a machine where the driver was never installed.
         *
         * @param reason what is missing
         * @return no devices, and no fault
         */
        public static Discovery absent(String reason) {
            return new Discovery(List.of(), reason, false);
        }

        /**
         * Describes a machine without the driver or its library.
         *
         * @param reason what is missing
         * @param deviceFile of a device that it would be for
         * @return no devices; a fault if there is such a file
         */
        public static Discovery missing(String reason, Optional<Path> deviceFile) {
            return deviceFile
                    .map(file -> new Discovery(List.of(), reason + ", though there is " + file))
                    .orElseGet(() -> absent(reason));
        }
    }
}
