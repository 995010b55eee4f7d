/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import io.offloadstream.model.MemorySize;
import io.offloadstream.model.ModelOptions;
import io.offloadstream.model.ModelPlan;
import io.offloadstream.platform.Storage;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Prints what would stay in memory and what would stream, without running. */
@Command(
        name = "plan",
        sortOptions = false,
        description = "Prints what stays in memory and what streams, and the least budget.")
final class PlanCommand extends ModelCommand implements Callable<Integer> {

    @Option(
            names = "--batch",
            paramLabel = "N",
            defaultValue = "1",
            description = "Sequences in a request (sets maxBatch). Default: ${DEFAULT-VALUE}.")
    private int batch;

    @Option(
            names = "--length",
            paramLabel = "TOKENS",
            description =
                    "Tokens of a sequence, prompt and continuation (sets maxSequenceLength)."
                            + " Default: as without it.")
    private Integer length;

    @Override
    public Integer call() {
        Map<String, String> values = optionValues();
        values.put("maxBatch", Integer.toString(batch));
        if (length != null) {
            values.put("maxSequenceLength", length.toString());
        }
        ModelOptions options = parse(values);
        ModelPlan plan = ModelPlan.of(modelDirectory(), options, Storage.local());
        out().println(plan.residency().toTable());
        int tokens = plan.maxSequenceLength();
        long least = plan.leastBytes();
        out().printf("for batch %d and length %d:%n", batch, tokens);
        printLeast("least hostMemory for text", least + plan.logitsBytes(batch, 1));
        printLeast("with the logits of all positions", least + plan.logitsBytes(batch, tokens));
        return 0;
    }

    private void printLeast(String what, long bytes) {
        out().printf("  %-33s %d bytes (%s)%n", what, bytes, MemorySize.format(bytes));
    }
}
