/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Model.ArgGroupSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/**
 * The model options as flags: {@code hostMemory} is {@code --host-memory}. A new option is one line
 * here; its value is checked where all options are parsed.
 */
final class ModelFlags {

    /**
     * One option.
     *
     * @param option its name in Criteria and serving.properties
     * @param label what stands for the value in the usage text, null for a switch
     * @param help one sentence
     */
    record Flag(String option, String label, String help) {

        /** Returns the name on the command line. */
        String name() {
            return "--" + option.replaceAll("([a-z])([A-Z])", "$1-$2").toLowerCase(Locale.ROOT);
        }
    }

    static final List<Flag> ALL =
            List.of(
                    new Flag("hostMemory", "SIZE", "Budget, such as 7.8GB, 600MiB or 80%%."),
                    new Flag(
                            "deviceMemory", "SIZE", "Budget on the device, such as 7.5GB or 80%%."),
                    new Flag("maxSequenceLength", "TOKENS", "Longest sequence, reserved at once."),
                    new Flag("maxBatch", "N", "Sequences that advance together."),
                    new Flag("kvCacheType", "TYPE", "float32, float16 or bfloat16."),
                    new Flag("kvCachePlacement", "WHERE", "auto, device or host."),
                    new Flag(
                            "attention",
                            "WHERE",
                            "device or host, for keys and values on the host."),
                    new Flag("io", "HOW", "auto, direct, mmap, buffered or gds."),
                    new Flag("scheduler", "NAME", "cost-aware, lookahead or block."),
                    new Flag("prefetchLayers", "N", "Groups read ahead of the one that computes."),
                    new Flag("hostSlots", "N", "Slots that groups are read into (cpu)."),
                    new Flag("deviceSlots", "N", "Slots that groups are copied to (device)."),
                    new Flag("pinnedSlots", "N", "Pinned chunks that reads land in (device)."),
                    new Flag("gpuLayers", "N", "Blocks that must stay on the device."),
                    new Flag("readThreads", "N", "Read requests in flight."),
                    new Flag("threads", "N", "Compute threads."),
                    new Flag("cachePolicy", "NAME", "pinned."),
                    new Flag("quantize", "TYPE", "none, int8 or int4: weights that fit in memory."),
                    new Flag(
                            "computeType",
                            "TYPE",
                            "float32, bfloat16, float16 (device), or int8 (cpu, weights of int8 or"
                                    + " int4)."),
                    new Flag("gemm", "NAME", "own or cublas."),
                    new Flag("backend", "NAME", "auto, cuda, opencl or cpu."),
                    new Flag("deviceId", "N", "Which device, as devices lists them."),
                    new Flag("verify", null, "Compare the checksums of a packed copy first."),
                    new Flag("trace", "FILE", "Write a Chrome/Perfetto trace of every stage."),
                    new Flag("trackProgress", null, "Log slow passes (--verbose shows the log)."));

    private ModelFlags() {}

    /**
     * Adds the flags to a command, under a heading of their own.
     *
     * @param command a command that opens a model
     */
    static void addTo(CommandSpec command) {
        ArgGroupSpec.Builder group =
                ArgGroupSpec.builder().heading("%nModel options:%n").validate(false).order(100);
        for (Flag flag : ALL) {
            OptionSpec.Builder option =
                    OptionSpec.builder(flag.name()).type(String.class).description(flag.help());
            if (flag.label() == null) {
                option.arity("0").fallbackValue("true");
            } else {
                option.arity("1").paramLabel(flag.label());
            }
            group.addArg(option.build());
        }
        command.addArgGroup(group.build());
    }

    /**
     * Returns the flags that were given.
     *
     * @param command a parsed command
     * @return values by option name
     */
    static Map<String, String> values(CommandSpec command) {
        ParseResult parsed = command.commandLine().getParseResult();
        Map<String, String> values = new LinkedHashMap<>();
        for (Flag flag : ALL) {
            String value = parsed.matchedOptionValue(flag.name(), (String) null);
            if (value != null) {
                values.put(flag.option(), value);
            }
        }
        return values;
    }

    /**
     * Turns option values back into arguments, for a process of our own.
     *
     * @param options values by option name
     * @return arguments
     */
    static List<String> arguments(Map<String, String> options) {
        List<String> arguments = new ArrayList<>();
        for (Flag flag : ALL) {
            String value = options.get(flag.option());
            if (value != null) {
                arguments.add(flag.label() == null ? flag.name() : flag.name() + "=" + value);
            }
        }
        return arguments;
    }
}
