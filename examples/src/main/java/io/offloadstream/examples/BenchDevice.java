/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import io.offloadstream.device.Backends;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;

/** Which device the benchmark runs on, as flags of it and of its cases. */
final class BenchDevice {

    @Option(
            names = "--backend",
            paramLabel = "NAME",
            description = "Time cuda or opencl, or what auto chooses. Default: the CPU.")
    private String backend;

    @Option(
            names = "--device-id",
            paramLabel = "N",
            description = "Which device of it, as offloadstream devices counts them.")
    private Integer deviceId;

    @Option(
            names = "--device-memory",
            paramLabel = "SIZE",
            description = "Budget of the device in the streamed cases.")
    private String memory;

    @Option(
            names = "--compute-type",
            paramLabel = "TYPE",
            description =
                    "On a device float32, bfloat16 or float16. On the CPU bfloat16 (bf16 and"
                            + " lossless weights) or int8 (int8 and int4 weights): these are timed"
                            + " with such activations too. Default: float32.")
    private String computeType;

    /** Whether anything but the CPU was asked for. */
    boolean isAsked() {
        return backend != null && !backend.equalsIgnoreCase("cpu");
    }

    /** Whether it is a GPU, and not a CPU behind OpenCL. */
    boolean isGpu() {
        int number = deviceId == null ? Backends.ANY_DEVICE : deviceId;
        return Backends.devices().choose(backend, number).isGpu();
    }

    /** The budget that was given, or null. */
    String memory() {
        return memory;
    }

    String computeType() {
        return computeType == null ? "float32" : computeType;
    }

    /** Adds the options of a model. */
    void addTo(Map<String, String> options) {
        options.put("backend", backend == null ? "cpu" : backend);
        put(options, "deviceId", deviceId);
        put(options, "deviceMemory", memory);
        put(options, "computeType", computeType);
    }

    private static void put(Map<String, String> options, String name, Object valueOrNull) {
        if (valueOrNull != null) {
            options.put(name, valueOrNull.toString());
        }
    }

    /** The flags of a case on this device. */
    List<String> flags(String deviceMemoryOrNull, String hostMemoryOrNull) {
        List<String> flags = new ArrayList<>();
        add(flags, "--backend=", backend);
        add(flags, "--device-id=", deviceId);
        add(flags, "--compute-type=", computeType);
        add(flags, "--device-memory=", deviceMemoryOrNull);
        add(flags, "--host-memory=", hostMemoryOrNull);
        return flags;
    }

    private static void add(List<String> flags, String flag, Object valueOrNull) {
        if (valueOrNull != null) {
            flags.add(flag + valueOrNull);
        }
    }
}
