/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.platform.Storage;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How {@link LayerStream} runs a checkpoint.
 *
 * @param hostMemoryBytes the budget for weights
 * @param stream how weights are read
 * @param layersPerBatch how many consecutive layers travel together, at least 1
 * @param grouping the layer that a tensor belongs to, by its name; none for a static tensor
 * @param storage where files come from
 */
public record LayerStreamOptions(
        long hostMemoryBytes,
        StreamOptions stream,
        int layersPerBatch,
        Function<String, OptionalInt> grouping,
        Storage storage) {

    /** A number between dots, or at the start: {@code *.N.*}. */
    private static final Pattern NUMBER = Pattern.compile("(?:^|\\.)([0-9]{1,9})\\.");

    /** Checks the batch. */
    public LayerStreamOptions {
        if (layersPerBatch < 1) {
            throw new IllegalArgumentException(
                    "layersPerBatch " + layersPerBatch + " is less than 1");
        }
    }

    /**
     * Returns options with defaults: layers one by one, grouped by {@link #firstNumber}.
     *
     * @param hostMemoryBytes the budget for weights
     * @return the options
     */
    public static LayerStreamOptions ofMemory(long hostMemoryBytes) {
        return new LayerStreamOptions(
                hostMemoryBytes,
                StreamOptions.DEFAULT,
                1,
                LayerStreamOptions::firstNumber,
                Storage.local());
    }

    /**
     * Finds the first part of a dotted name that is a number and not the last part.
     *
     * @param name for example {@code model.layers.17.mlp.weight}
     * @return for example 17, or none
     */
    public static OptionalInt firstNumber(String name) {
        Matcher matcher = NUMBER.matcher(name);
        return matcher.find()
                ? OptionalInt.of(Integer.parseInt(matcher.group(1)))
                : OptionalInt.empty();
    }
}
