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
 * @param value the figure
 * @param unit {@code GB/s}, {@code tokens/s}
 * @param limitName what bounds it, or null
 * @param limit in the same unit, measured in the same run; 0 where nothing bounds it
 */
record BenchFigure(
        String workload, String name, double value, String unit, String limitName, double limit) {

    /** A figure that nothing bounds. */
    static BenchFigure of(String workload, String name, double value, String unit) {
        return new BenchFigure(workload, name, value, unit, null, 0);
    }

    boolean isBounded() {
        return limitName != null;
    }

    /** Which share of the limit was reached. */
    double ratio() {
        return value / limit;
    }
}
