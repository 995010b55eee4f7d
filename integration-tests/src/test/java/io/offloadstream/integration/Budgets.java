/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import io.offloadstream.model.ModelOptions;
import io.offloadstream.model.ModelPlan;
import io.offloadstream.plan.WeightGroup;
import io.offloadstream.platform.Storage;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** Options for a model under budgets that are found from its plan. */
final class Budgets {

    static final long PLENTY_BYTES = 1L << 30;

    private Budgets() {}

    /** Options with memory for everything on the CPU, which is not what a machine has by itself. */
    static Map<String, String> plenty(int batch, int length, String io) {
        Map<String, String> options = new HashMap<>();
        options.put("backend", "cpu");
        options.put("maxBatch", Integer.toString(batch));
        options.put("maxSequenceLength", Integer.toString(length));
        options.put("io", io);
        options.put("hostMemory", Long.toString(PLENTY_BYTES));
        return options;
    }

    static Map<String, String> with(Map<String, String> options, String name, Object value) {
        Map<String, String> changed = new HashMap<>(options);
        changed.put(name, value.toString());
        return changed;
    }

    /** Options with memory for logits of all tokens and some of the weights: a share of them. */
    static Map<String, String> streaming(Path directory, int batch, int length, String io) {
        Map<String, String> options = plenty(batch, length, io);
        ModelPlan plan = plan(directory, options);
        long bytes = plan.leastBytes() + plan.logitsBytes(batch, length) + streamedBytes(plan) / 3;
        return with(options, "hostMemory", bytes);
    }

    static ModelPlan plan(Path directory, Map<String, String> options) {
        return ModelPlan.of(directory, ModelOptions.parse(options), Storage.local());
    }

    static long streamedBytes(ModelPlan plan) {
        return plan.residency().groups().stream()
                .filter(group -> group.access() == WeightGroup.Access.STREAMED)
                .mapToLong(WeightGroup::sizeBytes)
                .sum();
    }
}
