/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.device.Backend;
import io.offloadstream.device.Backends;
import io.offloadstream.device.DeviceChoice;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.MachineMemory;
import io.offloadstream.platform.MemorySize;
import io.offloadstream.platform.Processors;
import io.offloadstream.quant.Quantization;
import io.offloadstream.stream.StreamOptions;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Every option, parsed once. The same names serve {@code Criteria.optOption}, {@code
 * serving.properties} ({@code option.} before them) and the command line (in kebab-case).
 *
 * @param hostMemoryBytes the budget
 * @param stream how weights are read
 * @param hostSlots slots of the ring that groups are read into, where kernels compute in host
 *     memory; where blocks are in parts, counted in blocks
 * @param kvCacheType F32, F16 or BF16
 * @param maxSequenceLength 0 for the model's own, lowered to what a quarter of the budget holds
 * @param maxBatch sequences in one session
 * @param threads compute threads
 * @param trackProgress whether passes report their progress in the log
 * @param verify whether the checksums of a packed copy are compared when it is opened
 * @param quantize blocks that matrices are quantised to while they are read
 * @param device what computes, and its memory
 */
public record ModelOptions(
        long hostMemoryBytes,
        StreamOptions stream,
        int hostSlots,
        DType kvCacheType,
        int maxSequenceLength,
        int maxBatch,
        int threads,
        boolean trackProgress,
        boolean verify,
        Quantization quantize,
        DeviceOptions device) {

    /** The share of the available memory that {@code hostMemory=auto} takes. */
    private static final String AUTO_SHARE = "80%";

    /** More only cost memory for their stacks, which is outside the budget. */
    private static final int MOST_THREADS = 256;

    private static final Map<String, String> VALID = new HashMap<>();

    static {
        VALID.put("hostMemory", "auto, a size such as 7.8GB, or a percentage such as 80%");
        VALID.put("scheduler", "cost-aware, lookahead, block");
        VALID.put("prefetchLayers", "a number from 0");
        VALID.put("hostSlots", "a number from 1");
        VALID.put("readThreads", "a number from 1 to " + MOST_THREADS);
        VALID.put("io", "auto, direct, mmap, buffered, gds");
        VALID.put("kvCacheType", "float32, float16, bfloat16");
        VALID.put("maxSequenceLength", "a number from 1");
        VALID.put("maxBatch", "a number from 1");
        VALID.put("threads", "a number from 1 to " + MOST_THREADS);
        VALID.put("trackProgress", "true, false");
        VALID.put("verify", "true, false");
        VALID.put("quantize", "none, int8, int4");
        VALID.put("trace", "the path of a file to write");
        VALID.put("cachePolicy", "pinned");
        DeviceOptions.describe(VALID);
    }

    /**
     * Returns the names of all options with their valid values.
     *
     * @return values by name, a copy
     */
    public static Map<String, String> valid() {
        return Map.copyOf(VALID);
    }

    /**
     * Parses options.
     *
     * @param options values by name; null for none
     * @return the options, defaults filled in
     * @throws IllegalArgumentException for an unknown name or value, or one that is not built yet;
     *     the message lists the valid ones
     */
    public static ModelOptions parse(Map<String, ?> options) {
        OptionValues values = new OptionValues(options == null ? Map.of() : options, VALID);
        values.oneOf("cachePolicy", "pinned");
        Quantization quantize =
                Quantization.valueOf(values.oneOf("quantize", "none", "int8", "int4"));
        StreamOptions stream =
                new StreamOptions(
                        io(values, quantize),
                        StreamOptions.SchedulerKind.valueOf(
                                values.oneOf("scheduler", "cost-aware", "lookahead", "block")
                                        .replace('-', '_')),
                        values.integer("prefetchLayers", 0, 1),
                        threads(values, "readThreads", StreamOptions.DEFAULT.readThreads()),
                        values.text("trace") == null ? null : Path.of(values.text("trace")));
        int slots = slotsFor(stream);
        return new ModelOptions(
                hostMemory(values.text("hostMemory")),
                stream,
                values.integer("hostSlots", 1, slots),
                kvCacheType(values.oneOf("kvCacheType", "float32", "float16", "bfloat16")),
                values.integer("maxSequenceLength", 1, 0),
                values.integer("maxBatch", 1, 1),
                threads(values, "threads", Processors.cores()),
                values.oneOf("trackProgress", "false", "true").equals("TRUE"),
                values.oneOf("verify", "false", "true").equals("TRUE"),
                quantize,
                DeviceOptions.read(values, stream, slots));
    }

    /** The same with another budget of the host. */
    ModelOptions withHostMemory(long bytes) {
        return new ModelOptions(
                bytes,
                stream,
                hostSlots,
                kvCacheType,
                maxSequenceLength,
                maxBatch,
                threads,
                trackProgress,
                verify,
                quantize,
                device);
    }

    private static StreamOptions.Io io(OptionValues values, Quantization quantize) {
        StreamOptions.Io io =
                StreamOptions.Io.valueOf(
                        values.oneOf("io", "auto", "direct", "mmap", "buffered", "gds"));
        if (quantize == Quantization.NONE || io == StreamOptions.Io.BUFFERED) {
            return io;
        }
        if (io != StreamOptions.Io.AUTO) {
            throw new IllegalArgumentException(
                    "io="
                            + values.text("io")
                            + " with quantize: what is quantised while it is read goes through"
                            + " the page cache; valid: auto, buffered");
        }
        return StreamOptions.Io.BUFFERED;
    }

    private static int threads(OptionValues values, String name, int absent) {
        return values.integer(name, 1, MOST_THREADS, absent);
    }

    /**
     * Opens what the options choose to compute on.
     *
     * @return the backend, for the caller to close
     * @throws IllegalArgumentException if there is no such device, or it cannot do what is asked
     * @throws io.offloadstream.platform.DeviceException if it is not available or does not open
     */
    public Backend openBackend() {
        return openBackend(choice -> {});
    }

    /**
     * Opens what the options choose to compute on, and tells what that is.
     *
     * @param chosen is given the choice when it is open
     * @return the backend, for the caller to close
     * @throws IllegalArgumentException if there is no such device, or it cannot do what is asked
     * @throws io.offloadstream.platform.DeviceException if it is not available or does not open
     */
    public Backend openBackend(Consumer<DeviceChoice> chosen) {
        return Backends.open(
                device.backend(),
                device.deviceId(),
                threads,
                device.computeType(),
                device.gemm(),
                device.attention(),
                chosen);
    }

    /** A sliding window needs one slot beside what is ahead; blocks need two of their size. */
    private static int slotsFor(StreamOptions stream) {
        int ahead = stream.prefetchLayers();
        if (ahead >= Integer.MAX_VALUE / 2) {
            throw new IllegalArgumentException(
                    "prefetchLayers="
                            + ahead
                            + " is too large; valid: a number below "
                            + Integer.MAX_VALUE / 2);
        }
        boolean blocks = stream.scheduler() == StreamOptions.SchedulerKind.BLOCK && ahead > 0;
        return blocks ? 2 * ahead : ahead + 1;
    }

    private static long hostMemory(String text) {
        long whole = MachineMemory.availableBytes();
        boolean auto = text == null || text.equalsIgnoreCase("auto");
        return MemorySize.parse("hostMemory", auto ? AUTO_SHARE : text, whole);
    }

    private static DType kvCacheType(String name) {
        return switch (name) {
            case "FLOAT16" -> DType.F16;
            case "BFLOAT16" -> DType.BF16;
            default -> DType.F32;
        };
    }
}
