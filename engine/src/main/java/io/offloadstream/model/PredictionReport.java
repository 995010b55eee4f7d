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
import java.util.function.ToDoubleFunction;

/** Compares what was predicted for a token with what the last passes took. */
final class PredictionReport {

    private PredictionReport() {}

    /**
     * Prints the comparison.
     *
     * @param predicted by measured bandwidths
     * @param stats what happened
     * @return some lines, empty if no pass that can be compared has ended
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
        StringBuilder text = new StringBuilder();
        double seconds = median(passes, pass -> pass.wallNanos() / 1e9);
        text.append(
                String.format(
                        Locale.ROOT,
                        "predicted %s per token (%s), median of the last %d passes %s: %.2f"
                                + " times%n",
                        TextTable.time(predicted.seconds()),
                        predicted.bottleneck().name(),
                        passes.size(),
                        TextTable.time(seconds),
                        seconds / predicted.seconds()));
        long read = predicted.stages().get(0).bytes();
        text.append(bytes("from disk", read, median(passes, PassRecord::bytes)));
        predicted
                .copiedWeightBytes()
                .ifPresent(
                        copied ->
                                text.append(
                                        bytes(
                                                "of weights over the bus",
                                                copied,
                                                median(
                                                        passes,
                                                        pass -> pass.bytes() + pass.hostBytes()))));
        return text.toString();
    }

    private static String bytes(String what, long predicted, double median) {
        return String.format(
                Locale.ROOT,
                "predicted %s %s per token, median %s%n",
                MemorySize.format(predicted),
                what,
                MemorySize.format((long) median));
    }

    private static double median(List<PassRecord> passes, ToDoubleFunction<PassRecord> figure) {
        double[] values = passes.stream().mapToDouble(figure).toArray();
        Arrays.sort(values);
        return values[values.length / 2];
    }
}
