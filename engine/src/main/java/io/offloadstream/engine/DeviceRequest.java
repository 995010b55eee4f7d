/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import ai.djl.Device;
import io.offloadstream.device.Backends;
import io.offloadstream.device.DeviceChoice;
import io.offloadstream.device.Devices;
import io.offloadstream.model.DeviceOptions;
import io.offloadstream.model.ModelOptions;
import java.util.HashMap;
import java.util.Map;

/**
 * What {@code optDevice} and the options of the backend and of the device's number ask for
 * together.
 */
final class DeviceRequest {

    private DeviceRequest() {}

    /**
     * Resolves a request.
     *
     * @param wanted by {@code optDevice}; null if nothing was said, and the options choose
     * @param values options by name
     * @param devices of this machine
     * @return the options, a device that was wanted written into them
     * @throws IllegalArgumentException if the device and the options contradict each other, or
     *     there is no such device
     */
    static ModelOptions resolve(Device wanted, Map<String, Object> values, Devices devices) {
        ModelOptions options = ModelOptions.parse(values);
        if (wanted == null) {
            return options;
        }
        DeviceChoice choice = choose(wanted, options.device(), devices);
        Map<String, Object> chosen = new HashMap<>(values);
        chosen.put("backend", choice.backend());
        if (choice.number() != Backends.ANY_DEVICE) {
            chosen.put("deviceId", Integer.toString(choice.number()));
        }
        return ModelOptions.parse(chosen);
    }

    /**
     * Names what was opened as DJL does.
     *
     * @param choice that was opened
     * @return {@code gpu(i)} for the i-th card of {@code offloadstream devices}, {@code cpu()} for
     *     the CPU, and for a processor that poses as a device
     */
    static Device name(DeviceChoice choice) {
        return choice.isGpu() ? Device.gpu(choice.number()) : Device.cpu();
    }

    private static DeviceChoice choose(Device wanted, DeviceOptions asked, Devices devices) {
        boolean free = asked.backend().equals("auto");
        if (!wanted.isGpu()) {
            if (!free && !asked.backend().equals("cpu")) {
                throw contradiction(wanted, "backend=" + asked.backend(), "Device.gpu(i) or none");
            }
            if (asked.deviceId() != Backends.ANY_DEVICE) {
                throw contradiction(wanted, "deviceId=" + asked.deviceId(), "one of them");
            }
            return devices.choose("cpu", Backends.ANY_DEVICE);
        }
        int number = wanted.getDeviceId();
        if (asked.backend().equals("cpu")) {
            throw contradiction(wanted, "backend=cpu", "Device.cpu() or none");
        }
        if (asked.deviceId() != Backends.ANY_DEVICE && asked.deviceId() != number) {
            throw contradiction(wanted, "deviceId=" + asked.deviceId(), "one of them");
        }
        DeviceChoice choice = devices.choose(asked.backend(), number);
        if (!choice.isGpu()) {
            throw new IllegalArgumentException(
                    "device "
                            + wanted
                            + ": "
                            + choice.info().orElseThrow().name()
                            + " is no GPU, and this machine has "
                            + devices.gpuCount()
                            + "; use the options backend="
                            + choice.backend()
                            + " and deviceId="
                            + number);
        }
        return choice;
    }

    private static IllegalArgumentException contradiction(
            Device wanted, String option, String remedy) {
        return new IllegalArgumentException(
                "device " + wanted + " and " + option + " contradict each other; give " + remedy);
    }
}
