/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.plan.Prediction;
import io.offloadstream.plan.TextTable;
import io.offloadstream.platform.MemorySize;
import io.offloadstream.stream.StreamStats;
import io.offloadstream.stream.StreamStats.PassRecord;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Compares what was predicted for a token with what the last passes took. */
final class PredictionReport {

    private PredictionReport() {}

    /**
     * Prints the comparison.
     *
     * @param predicted by measured bandwidths
     * @param stats what happened
     * @return a line or two, empty if no pass that can be compared has ended
     */
    static String print(Prediction predicted, StreamStats stats) {
        // the first pass also reads what stays
        List<PassRecord> passes =
                stats.recentPasses().stream()
                        .filter(pass -> pass.isComplete() && pass.number() > 1)
                        .toList();
        if (passes.isEmpty()) {
            return "";
        }
        double seconds = median(passes.stream().mapToDouble(p -> p.wallNanos() / 1e9).toArray());
        double bytes = median(passes.stream().mapToDouble(PassRecord::bytes).toArray());
        return String.format(
                Locale.ROOT,
                "predicted %s per token (%s), median of the last %d passes %s: %.2f times%n"
                        + "predicted %s from disk per token, median %s%n",
                TextTable.time(predicted.seconds()),
                predicted.bottleneck().name(),
                passes.size(),
                TextTable.time(seconds),
                seconds / predicted.seconds(),
                MemorySize.format(predicted.stages().get(0).bytes()),
                MemorySize.format((long) bytes));
    }

    private static double median(double[] values) {
        Arrays.sort(values);
        return values[values.length / 2];
    }
}
