/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/**
 * Rounds of a case, and the limit that they are held against, measured in turn: the limit, a round,
 * the limit, a round, the limit. What a machine can do changes from one minute to the next where
 * others share it, so a share means something only if both parts are of the same moments.
 *
 * @param values of the rounds, at least one
 * @param limits one more than values, or none where nothing bounds them
 */
record BenchRounds(List<Double> values, List<Double> limits) {

    /** Makes the lists immutable, and checks their lengths. */
    BenchRounds {
        values = List.copyOf(values);
        limits = List.copyOf(limits);
        if (values.isEmpty() || (!limits.isEmpty() && limits.size() != values.size() + 1)) {
            throw new IllegalArgumentException(
                    values.size()
                            + " rounds and "
                            + limits.size()
                            + " limits; needed: 1 round or more, and a limit before the first and"
                            + " after each, or none");
        }
    }

    /** One value that nothing bounds. */
    static BenchRounds of(double value) {
        return new BenchRounds(List.of(value), List.of());
    }

    /** One value, and a limit that was measured once. */
    static BenchRounds of(double value, double limit) {
        return new BenchRounds(List.of(value), List.of(limit, limit));
    }

    boolean isBounded() {
        return !limits.isEmpty();
    }

    /** The median of the values. */
    double value() {
        return median(values);
    }

    /** The median of the limits. */
    double limit() {
        return median(limits);
    }

    /** The highest of the limits: what the machine reached once while the case ran. */
    double bestLimit() {
        return limits.stream().mapToDouble(Double::doubleValue).max().orElseThrow();
    }

    /** The median of the values over the highest limit, which is never above the share. */
    double shareOfBest() {
        return value() / bestLimit();
    }

    /**
     * Which share of the limit was reached: the median over the rounds of the value over the mean
     * of the limits right before and after it.
     */
    double share() {
        List<Double> shares = new ArrayList<>();
        for (int i = 0; i < values.size(); i++) {
            shares.add(2 * values.get(i) / (limits.get(i) + limits.get(i + 1)));
        }
        return median(shares);
    }

    /** The same rounds in another unit. */
    BenchRounds map(DoubleUnaryOperator value, DoubleUnaryOperator limit) {
        return new BenchRounds(
                values.stream().map(value::applyAsDouble).toList(),
                limits.stream().map(limit::applyAsDouble).toList());
    }

    /** The same rounds in another unit, where nothing bounds them. */
    BenchRounds map(DoubleUnaryOperator value) {
        return map(value, DoubleUnaryOperator.identity());
    }

    /** The middle one of an odd number, the mean of the middle two of an even one. */
    static double median(List<Double> values) {
        double[] sorted = values.stream().mapToDouble(Double::doubleValue).toArray();
        Arrays.sort(sorted);
        int half = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    }
}
