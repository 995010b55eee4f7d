/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.device.Backends;
import io.offloadstream.ops.AttentionPlace;
import io.offloadstream.ops.ComputeType;
import io.offloadstream.ops.Gemm;
import io.offloadstream.platform.MemorySize;
import io.offloadstream.stream.StreamOptions;
import io.offloadstream.stream.StreamOptions.Io;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The options of what computes. Which of them make sense is known when the backend is: {@code auto}
 * may find a device or none.
 *
 * @param backend {@code auto}, {@code cuda}, {@code opencl} or {@code cpu}
 * @param deviceId which device of {@code offloadstream devices}, or {@link Backends#ANY_DEVICE}
 * @param deviceMemory the budget as it was written; null for auto
 * @param computeType type of activations
 * @param gemm what multiplies matrices of many rows
 * @param kvCachePlacement where keys and values are kept
 * @param attention what attends to keys and values in host memory
 * @param deviceSlots slots of the device's ring: as many as were given, or the scheduler needs
 * @param mostDeviceSlots as many as the planner may take where that makes a pass faster: more than
 *     deviceSlots if neither they nor the scheduler's depth were given
 * @param pinnedSlots pinned chunks that reads land in, 0 for as many as the budget suggests
 * @param mostPinnedSlots what it suggests at most
 * @param gpuLayers blocks that must stay on the device
 * @param given values of these and {@code hostSlots} as they were given, by name
 */
public record DeviceOptions(
        String backend,
        int deviceId,
        String deviceMemory,
        ComputeType computeType,
        Gemm gemm,
        KvCachePlacement kvCachePlacement,
        AttentionPlace attention,
        int deviceSlots,
        int mostDeviceSlots,
        int pinnedSlots,
        int mostPinnedSlots,
        int gpuLayers,
        Map<String, String> given) {

    /** Where keys and values are kept. */
    public enum KvCachePlacement {
        /** On the device if a quarter of its budget holds them, else on the host. */
        AUTO,
        /** On the device. */
        DEVICE,
        /** In pinned host memory, read over the bus. */
        HOST
    }

    /** What {@code deviceMemory=auto} takes of what is free or held by us already. */
    private static final String AUTO_SHARE = "90%";

    /** Chunks in which a read may land and one that is copied meanwhile, for each reader. */
    private static final int CHUNKS_PER_READER = 2;

    /** Slots that nobody asked for: one that computes, and as many groups ahead as may pay. */
    private static final int MOST_SLOTS = 6;

    /** Given, these decide how far ahead is read. */
    private static final List<String> DEPTHS =
            List.of("deviceSlots", "prefetchLayers", "scheduler");

    private static final String PLACEMENT = "kvCachePlacement";
    private static final String ATTENTION = "attention";

    /** Only a device with memory of its own has use for these. */
    private static final Set<String> NEEDS_DEVICE =
            Set.of("deviceMemory", PLACEMENT, ATTENTION, "deviceSlots", "pinnedSlots", "gpuLayers");

    private static final String HOST_SLOTS = "hostSlots";

    /** Copies the map. */
    public DeviceOptions {
        given = Map.copyOf(given);
    }

    static void describe(Map<String, String> valid) {
        valid.put("backend", "auto, cuda, opencl, cpu");
        valid.put("deviceId", "a number from 0, as offloadstream devices counts them");
        valid.put("deviceMemory", "auto, a size such as 7.8GB, or a percentage such as 80%");
        valid.put("computeType", "float32, bfloat16, float16 (devices), int8 (cpu)");
        valid.put("gemm", "own, cublas");
        valid.put(PLACEMENT, "auto, device, host");
        valid.put(ATTENTION, "device, host");
        valid.put("deviceSlots", "a number from 1");
        valid.put("pinnedSlots", "a number from 1");
        valid.put("gpuLayers", "a number from 0 to the model's blocks");
    }

    /**
     * Reads them.
     *
     * @param values all options
     * @param stream how weights are read
     * @param slots what the scheduler needs
     */
    static DeviceOptions read(OptionValues values, StreamOptions stream, int slots) {
        String memory = values.text("deviceMemory");
        if (memory != null) {
            // whatever the device's size, what is no size is an error now
            parseMemory(memory, Long.MAX_VALUE);
        }
        Map<String, String> given = new TreeMap<>();
        for (String name : values.given()) {
            boolean auto = name.equals(PLACEMENT) && values.text(name).equalsIgnoreCase("auto");
            if (!auto && (NEEDS_DEVICE.contains(name) || name.equals(HOST_SLOTS))) {
                given.put(name, values.text(name));
            }
        }
        int deviceSlots = values.integer("deviceSlots", 1, slots);
        boolean free = DEPTHS.stream().allMatch(name -> values.text(name) == null);
        int mostSlots = free ? Math.max(deviceSlots, MOST_SLOTS) : deviceSlots;
        DeviceOptions options =
                new DeviceOptions(
                        values.oneOf("backend", "auto", "cuda", "opencl", "cpu")
                                .toLowerCase(Locale.ROOT),
                        values.integer("deviceId", 0, Backends.ANY_DEVICE),
                        memory,
                        ComputeType.valueOf(
                                values.oneOf(
                                        "computeType", "float32", "bfloat16", "float16", "int8")),
                        Gemm.valueOf(values.oneOf("gemm", "own", "cublas")),
                        KvCachePlacement.valueOf(values.oneOf(PLACEMENT, "auto", "device", "host")),
                        AttentionPlace.valueOf(values.oneOf(ATTENTION, "device", "host")),
                        deviceSlots,
                        mostSlots,
                        values.integer("pinnedSlots", 1, 0),
                        CHUNKS_PER_READER * stream.readThreads(),
                        values.integer("gpuLayers", 0, 0),
                        given);
        options.requireHostCache();
        if (options.backend().equals("cpu")) {
            options.requireUse(stream.io(), false, "the cpu backend");
        } else if (!options.backend().equals("auto")) {
            options.requireDeviceType(options.backend());
        }
        return options;
    }

    /** The host attends to what is in its memory, and only there. */
    private void requireHostCache() {
        if (attention == AttentionPlace.HOST && kvCachePlacement == KvCachePlacement.DEVICE) {
            throw new IllegalArgumentException(
                    "attention=host: kvCachePlacement=device keeps keys and values where the"
                            + " device computes; set kvCachePlacement=host, or leave attention"
                            + " out");
        }
    }

    /**
     * Refuses what was given and makes no sense.
     *
     * @param io how weights are read
     * @param hasDevice whether the backend has memory of its own
     * @param backend its name
     * @throws IllegalArgumentException if an option is of no use there
     */
    void requireUse(Io io, boolean hasDevice, String backend) {
        if (!hasDevice) {
            require(computeType != ComputeType.FLOAT16, "computeType", computeType, backend);
            require(gemm == Gemm.OWN, "gemm", gemm, backend);
            require(io != Io.GDS, "io", io, backend);
        } else {
            requireDeviceType(backend);
        }
        if (hasDevice && io == Io.MMAP) {
            throw new IllegalArgumentException(
                    "io=mmap: "
                            + backend
                            + " has memory of its own, and mapped files cannot be copied at full"
                            + " speed; use io=auto, direct or buffered");
        }
        for (Map.Entry<String, String> option : given.entrySet()) {
            boolean forDevice = !option.getKey().equals(HOST_SLOTS);
            if (forDevice != hasDevice) {
                throw new IllegalArgumentException(
                        option.getKey()
                                + "="
                                + option.getValue()
                                + ": "
                                + backend
                                + (hasDevice
                                        ? " reads into pinnedSlots and copies to deviceSlots; give"
                                                + " those instead"
                                        : " computes in host memory, hostMemory is the only"
                                                + " budget; leave it out or choose a device by"
                                                + " backend and deviceId"));
            }
        }
    }

    private void requireDeviceType(String backend) {
        if (computeType == ComputeType.INT8) {
            throw new IllegalArgumentException(
                    "computeType=int8: "
                            + backend
                            + " has no products of int8 activations; leave it out, or choose"
                            + " backend=cpu");
        }
    }

    private static void require(boolean holds, String option, Object value, String backend) {
        if (!holds) {
            throw new IllegalArgumentException(
                    option
                            + "="
                            + value.toString().toLowerCase(Locale.ROOT)
                            + ": "
                            + backend
                            + " computes in host memory, by kernels of its own in float32,"
                            + " bfloat16 or int8; that needs a CUDA device, or one with units for"
                            + " it");
        }
    }

    /**
     * Returns the device's budget.
     *
     * @param totalBytes of the device
     * @param reachableBytes what is free now and what we hold already, the context included
     * @return bytes
     */
    long deviceMemoryBytes(long totalBytes, long reachableBytes) {
        boolean auto = deviceMemory == null || deviceMemory.equalsIgnoreCase("auto");
        return auto
                ? MemorySize.parse("deviceMemory", AUTO_SHARE, reachableBytes)
                : parseMemory(deviceMemory, totalBytes);
    }

    private static long parseMemory(String text, long wholeBytes) {
        return text.equalsIgnoreCase("auto")
                ? wholeBytes
                : MemorySize.parse("deviceMemory", text, wholeBytes);
    }
}
