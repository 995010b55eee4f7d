/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import io.offloadstream.checkpoint.Checkpoint;
import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.device.Backend;
import io.offloadstream.model.MachineSpeed;
import io.offloadstream.model.ModelOptions;
import io.offloadstream.model.ModelPlan;
import io.offloadstream.plan.Bandwidths;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemorySize;
import io.offloadstream.platform.Storage;
import java.util.Collection;
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

    @Option(
            names = "--measure",
            description =
                    "Measure the bandwidths again, although that was done before, with up to 0.5"
                            + " GB of host and of device memory whatever the budgets.")
    private boolean measure;

    @Override
    public Integer call() {
        Map<String, String> values = optionValues();
        values.put("maxBatch", Integer.toString(batch));
        if (length != null) {
            values.put("maxSequenceLength", length.toString());
        }
        ModelOptions options = parse(values);
        try (Backend backend = options.openBackend()) {
            print(plan(options, backend), options, backend);
        }
        return 0;
    }

    private ModelPlan plan(ModelOptions options, Backend backend) {
        if (measure) {
            Collection<TensorEntry> tensors = Checkpoint.open(modelDirectory()).tensors().values();
            MachineSpeed.measure(backend, tensors.iterator().next().file());
        }
        return ModelPlan.of(modelDirectory(), options, Storage.local(), backend);
    }

    private void print(ModelPlan plan, ModelOptions options, Backend backend) {
        out().println("on " + backend.name());
        Bandwidths bandwidths =
                plan.bandwidths()
                        .orElseGet(() -> MachineSpeed.find(backend, plan.firstFile(), options));
        out().println(plan.residency().table(bandwidths));
        int tokens = plan.maxSequenceLength();
        long ids = (long) batch * tokens;
        long text = HostMemory.chargedBytes(Integer.BYTES * ids) + plan.logitsBytes(batch, 1);
        long arrays =
                2 * HostMemory.chargedBytes(Long.BYTES * ids) + plan.logitsBytes(batch, tokens);
        out().printf(Locale.ROOT, "for batch %d and length %d, least hostMemory%n", batch, tokens);
        printLeast("for text", plan.leastBytes() + text);
        printLeast("for arrays, logits of all tokens", plan.leastBytes() + arrays);
        if (plan.deviceLeastBytes() > 0) {
            out().println("and least deviceMemory");
            printLeast("for all of them", plan.deviceLeastBytes());
        }
    }

    private void printLeast(String what, long bytes) {
        out().printf(Locale.ROOT, "  %-32s %d bytes (%s)%n", what, bytes, MemorySize.format(bytes));
    }
}
