/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.platform.DType;
import io.offloadstream.stream.StreamOptions;
import java.util.Map;

/**
 * Every option, parsed once. The same names serve {@code Criteria.optOption}, {@code
 * serving.properties} ({@code option.} before them) and the command line (in kebab-case).
 *
 * @param hostMemoryBytes the budget
 * @param stream how weights are read
 * @param kvCacheType F32, F16 or BF16
 * @param maxSequenceLength 0 for the model's own, lowered to what a quarter of the budget holds
 * @param maxBatch sequences in one session
 * @param threads compute threads
 * @param trackProgress whether passes report their progress
 */
public record ModelOptions(
        long hostMemoryBytes,
        StreamOptions stream,
        DType kvCacheType,
        int maxSequenceLength,
        int maxBatch,
        int threads,
        boolean trackProgress) {

    /**
     * Parses options.
     *
     * @param options values by name; null for none
     * @return the options, defaults filled in
     * @throws IllegalArgumentException for an unknown name or value, or one that is not built yet;
     *     the message lists the valid ones
     */
    public static ModelOptions parse(Map<String, ?> options) {
        throw new UnsupportedOperationException("pending");
    }
}
