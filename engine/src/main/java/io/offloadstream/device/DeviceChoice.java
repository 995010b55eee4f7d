/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device;

import io.offloadstream.platform.gpu.GpuInfo;
import java.util.Optional;

/**
 * What will compute.
 *
 * @param backend {@code cuda}, {@code opencl} or {@code cpu}
 * @param number of the device in {@code offloadstream devices}; {@link Backends#ANY_DEVICE} for the
 *     CPU
 * @param isGpu whether it is one of {@link Devices#gpuCount()}, {@code Device.gpu(number)} for DJL
 * @param info the device; empty for the CPU
 */
public record DeviceChoice(String backend, int number, boolean isGpu, Optional<GpuInfo> info) {

    static final DeviceChoice CPU =
            new DeviceChoice(Devices.CPU, Backends.ANY_DEVICE, false, Optional.empty());
}
