/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import ai.djl.metric.Dimension;
import ai.djl.metric.Metrics;
import ai.djl.metric.Unit;
import io.offloadstream.stream.StreamStats;
import io.offloadstream.stream.StreamStats.UploadStage;

/**
 * What the weight stream did during a prediction, as DJL metrics: bytes read, time the readers were
 * busy (all threads together), bytes copied to a device and the time its copy stream was busy and
 * readers waited for pinned memory (where there is such a device), time computing, and time that
 * the computation waited for weights. Predictions of other predictors at the same time are counted
 * too, for they share the stream.
 */
final class StreamMetrics {

    private static final double NANOS_PER_MILLI = 1e6;

    private StreamMetrics() {}

    /**
     * Adds the figures of one prediction.
     *
     * @param metrics where to
     * @param dimension of the predictor
     * @param before the stream when the prediction began
     * @param after the stream when it ended
     */
    static void add(Metrics metrics, Dimension dimension, StreamStats before, StreamStats after) {
        metrics.addMetric(
                "OfsReadBytes",
                after.read().bytes() - before.read().bytes(),
                Unit.BYTES,
                dimension);
        add(
                metrics,
                dimension,
                "OfsReadBusyMillis",
                after.read().busyNanos() - before.read().busyNanos());
        if (after.upload().requests() > 0) {
            addUpload(metrics, dimension, before.upload(), after.upload());
        }
        add(
                metrics,
                dimension,
                "OfsComputeBusyMillis",
                after.compute().busyNanos() - before.compute().busyNanos());
        add(metrics, dimension, "OfsWaitMillis", waitNanos(after) - waitNanos(before));
    }

    /** Where kernels compute in a device's memory. */
    private static void addUpload(
            Metrics metrics, Dimension dimension, UploadStage before, UploadStage after) {
        metrics.addMetric("OfsUploadBytes", after.bytes() - before.bytes(), Unit.BYTES, dimension);
        metrics.addMetric(
                "OfsUploadBytesFromHost",
                after.bytesFromHost() - before.bytesFromHost(),
                Unit.BYTES,
                dimension);
        add(metrics, dimension, "OfsUploadBusyMillis", after.busyNanos() - before.busyNanos());
        add(metrics, dimension, "OfsUploadWaitMillis", after.waitNanos() - before.waitNanos());
    }

    private static void add(Metrics metrics, Dimension dimension, String name, long nanos) {
        metrics.addMetric(name, nanos / NANOS_PER_MILLI, Unit.MILLISECONDS, dimension);
    }

    private static long waitNanos(StreamStats stats) {
        return stats.compute().waitNanos() + stats.gather().waitNanos();
    }
}
