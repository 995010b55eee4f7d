/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

/**
 * One figure of the benchmark, and the limit that bounds it if there is one.
 *
 * @param workload what ran: {@code decode bf16 in memory}
 * @param name what was measured: {@code weights read}
 * @param unit {@code GB/s}, {@code tokens/s}: of the values and of the limits
 * @param rounds the values, and the limits measured between them
 * @param limitName what bounds it, or null
 */
record BenchFigure(
        String workload, String name, String unit, BenchRounds rounds, String limitName) {

    /** A figure that nothing bounds. */
    static BenchFigure of(String workload, String name, double value, String unit) {
        return of(workload, name, BenchRounds.of(value), unit);
    }

    /** Rounds that nothing bounds. */
    static BenchFigure of(String workload, String name, BenchRounds rounds, String unit) {
        return new BenchFigure(workload, name, unit, rounds, null);
    }

    boolean isBounded() {
        return rounds.isBounded();
    }

    double value() {
        return rounds.value();
    }

    double limit() {
        return rounds.limit();
    }

    /** Which share of the limit was reached, round by round. */
    double ratio() {
        return rounds.share();
    }

    /** The highest of the limits. */
    double bestLimit() {
        return rounds.bestLimit();
    }

    /** Which share of that the median of the values is. */
    double ratioToBest() {
        return rounds.shareOfBest();
    }
}
