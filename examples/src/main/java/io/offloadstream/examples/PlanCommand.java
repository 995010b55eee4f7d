/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import io.offloadstream.model.ModelOptions;
import io.offloadstream.model.ModelPlan;
import io.offloadstream.plan.Bandwidths;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemorySize;
import io.offloadstream.platform.Storage;
import java.nio.file.Path;
import java.util.Locale;
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
        out().println(plan.residency().table(bandwidths(plan)));
        int tokens = plan.maxSequenceLength();
        long ids = (long) batch * tokens;
        long text = HostMemory.chargedBytes(Integer.BYTES * ids) + plan.logitsBytes(batch, 1);
        long arrays =
                2 * HostMemory.chargedBytes(Long.BYTES * ids) + plan.logitsBytes(batch, tokens);
        out().printf(Locale.ROOT, "for batch %d and length %d, least hostMemory%n", batch, tokens);
        printLeast("for text", plan.leastBytes() + text);
        printLeast("for arrays, logits of all tokens", plan.leastBytes() + arrays);
        return 0;
    }

    /** Measured on the model's own disk, on the first of its files. */
    private static Bandwidths bandwidths(ModelPlan plan) {
        Path file = plan.checkpoint().tensors().values().iterator().next().file();
        return Bandwidths.measure(file, Storage.local());
    }

    private void printLeast(String what, long bytes) {
        out().printf(Locale.ROOT, "  %-32s %d bytes (%s)%n", what, bytes, MemorySize.format(bytes));
    }
}
