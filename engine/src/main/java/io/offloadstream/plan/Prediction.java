/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.plan;

import io.offloadstream.platform.MemorySize;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * How long a pass of one token will take by a plan and bandwidths: stages run beside each other, so
 * as long as the slowest. Arithmetic that does not hide behind the memory is not in it.
 *
 * @param stages in the order in which weights pass them
 * @param cacheBytes keys and values among what the bus moves
 */
public record Prediction(List<Stage> stages, long cacheBytes) {

    private static final String BUS = "bus";

    /**
     * A stage.
     *
     * @param name for tables
     * @param bytes that it moves in a pass
     * @param bytesPerSecond its bandwidth
     */
    public record Stage(String name, long bytes, double bytesPerSecond) {

        /**
         * Returns how long it is busy.
         *
         * @return seconds
         */
        public double seconds() {
            return bytes / bytesPerSecond;
        }
    }

    /** Makes the list immutable. */
    public Prediction {
        stages = List.copyOf(stages);
    }

    /**
     * Predicts.
     *
     * @param plan what moves
     * @param bandwidths how fast
     * @return the prediction
     */
    public static Prediction of(ResidencyPlan plan, Bandwidths bandwidths) {
        List<Stage> stages = new ArrayList<>();
        long read = plan.streamedBytesPerPass();
        stages.add(new Stage("disk", read, bandwidths.diskBytesPerSecond()));
        long computed = plan.computedBytesPerPass();
        long cache = plan.cacheBytesPerPass();
        if (plan.hasDevice()) {
            long copied = plan.copiedBytesPerPass();
            stages.add(new Stage(BUS, copied + cache, bandwidths.busBytesPerSecond()));
            stages.add(new Stage("device memory", computed, bandwidths.deviceBytesPerSecond()));
        } else {
            stages.add(new Stage("memory", computed, bandwidths.memoryBytesPerSecond()));
        }
        return new Prediction(stages, cache);
    }

    /**
     * Returns what the bus moves of weights.
     *
     * @return bytes; empty where kernels compute in host memory
     */
    public OptionalLong copiedWeightBytes() {
        return stages.stream()
                .filter(stage -> stage.name().equals(BUS))
                .mapToLong(stage -> stage.bytes() - cacheBytes)
                .findFirst();
    }

    /**
     * Returns the slowest stage, the later one of equals.
     *
     * @return the bottleneck
     */
    public Stage bottleneck() {
        Stage slowest = stages.get(0);
        for (Stage stage : stages) {
            slowest = stage.seconds() >= slowest.seconds() ? stage : slowest;
        }
        return slowest;
    }

    /**
     * Returns how long a pass of one token takes.
     *
     * @return seconds
     */
    public double seconds() {
        return bottleneck().seconds();
    }

    /** Prints the stages and the result. */
    @Override
    public String toString() {
        TextTable table = new TextTable();
        table.row("stage", "bytes per token", "per second", "seconds per token");
        for (Stage stage : stages) {
            table.row(
                    stage.name(),
                    MemorySize.format(stage.bytes()),
                    MemorySize.format((long) stage.bytesPerSecond()),
                    TextTable.time(stage.seconds()));
        }
        return table
                + "predicted: "
                + TextTable.time(seconds())
                + " per token, bottleneck: "
                + bottleneck().name()
                + '\n'
                + cache();
    }

    private String cache() {
        return cacheBytes == 0
                ? ""
                : "of the bus, "
                        + MemorySize.format(cacheBytes)
                        + " are keys and values on the host, at half of maxSequenceLength\n";
    }
}
