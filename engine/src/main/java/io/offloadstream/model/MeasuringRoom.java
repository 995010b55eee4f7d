/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.device.Backend;
import io.offloadstream.device.DeviceSpeed;
import io.offloadstream.plan.Bandwidths;

/**
 * What a measurement of bandwidths may take of a model's budgets. Powers of two, so that a budget
 * which is a percentage of what is free gives the same room at the next start.
 *
 * @param hostBytes of host memory
 * @param deviceBytes of the device's, beside its context and other models; as much as a measurement
 *     takes where kernels compute in host memory
 */
record MeasuringRoom(long hostBytes, long deviceBytes) {

    /** Where no budget is too small for anything. */
    static final MeasuringRoom WHOLE =
            new MeasuringRoom(Bandwidths.MOST_BYTES, DeviceSpeed.MOST_BYTES);

    /** What the budgets leave now. */
    static MeasuringRoom of(ModelOptions options, Backend backend) {
        long device =
                DeviceBudget.of(options.device(), backend)
                        .map(budget -> Math.min(budget.leftBytes(), budget.memory().freeBytes()))
                        .orElse(DeviceSpeed.MOST_BYTES);
        return new MeasuringRoom(
                powerOfTwo(options.hostMemoryBytes(), Bandwidths.MOST_BYTES),
                powerOfTwo(device, DeviceSpeed.MOST_BYTES));
    }

    private static long powerOfTwo(long bytes, long most) {
        return Long.highestOneBit(Math.max(0, Math.min(bytes, most)));
    }

    /** Whether anything can be measured in it. */
    boolean isEnough() {
        return hostBytes >= Math.max(Bandwidths.leastBytes(), DeviceSpeed.LEAST_BYTES)
                && deviceBytes >= DeviceSpeed.LEAST_BYTES;
    }

    boolean isWhole() {
        return equals(WHOLE);
    }
}
