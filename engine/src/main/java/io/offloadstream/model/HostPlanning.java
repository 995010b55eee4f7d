/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.cache.KvLayout;
import io.offloadstream.cache.KvPagePool;
import io.offloadstream.model.PlanInput.Planned;
import io.offloadstream.ops.KvPlacement;
import io.offloadstream.plan.PlanRequest;
import io.offloadstream.plan.PlanRequest.Mapping;
import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.plan.ResidencyPlanner;
import io.offloadstream.platform.BudgetExceededException;
import io.offloadstream.platform.MemorySize;
import io.offloadstream.quant.Quantization;
import io.offloadstream.stream.StreamOptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Plans a model whose kernels compute in host memory: by one budget. */
final class HostPlanning {

    private static final Logger LOG = LoggerFactory.getLogger(HostPlanning.class);

    /** A KV cache whose length nobody asked for is worth at most this share of a budget. */
    static final int KV_SHARE = 4;

    private final PlanInput input;
    private final KvChoice kv;
    private final RequestSizes sizes;
    private final int maxBatch;

    HostPlanning(PlanInput input) {
        this.input = input;
        this.maxBatch = input.options().maxBatch();
        this.kv = hostCache(input, KvPlacement.DEVICE);
        this.sizes = input.sizes(kv, input.options().hostMemoryBytes());
    }

    /**
     * A cache whose pages are taken from the host's budget as sequences grow: reserved if a length
     * was asked for, else as long as a quarter of the budget holds.
     */
    static KvChoice hostCache(PlanInput input, KvPlacement placement) {
        ModelOptions options = input.options();
        if (options.maxSequenceLength() > 0) {
            return new KvChoice(placement, options.maxSequenceLength(), true);
        }
        long page = KvPagePool.chargedBytes(input.kvLayout(), options.maxBatch());
        long pages = options.hostMemoryBytes() / KV_SHARE / page;
        long holds = Math.max(1, pages) * KvLayout.PAGE_TOKENS;
        int most = input.decoder().maxPositions();
        if (holds >= most) {
            return new KvChoice(placement, most, false);
        }
        warnLowered(most, holds, "hostMemory", options.hostMemoryBytes());
        return new KvChoice(placement, Math.toIntExact(holds), false);
    }

    static void warnLowered(int most, long holds, String option, long budgetBytes) {
        LOG.warn(
                "maxSequenceLength is lowered from the model's {} to {}: a quarter of {}={} holds"
                        + " no more KV cache; set maxSequenceLength to reserve more",
                most,
                holds,
                option,
                MemorySize.format(budgetBytes));
    }

    Planned choose() {
        long budgetBytes = input.options().hostMemoryBytes();
        StreamOptions.Io io = input.options().stream().io();
        if (io == StreamOptions.Io.MMAP) {
            return planned(mapped(budgetBytes));
        }
        BudgetExceededException notMapped = null;
        if (io == StreamOptions.Io.AUTO) {
            try {
                return planned(mapped(budgetBytes));
            } catch (BudgetExceededException e) {
                LOG.debug("not mapped: {}", e.getMessage());
                notMapped = e;
            }
        }
        try {
            return planned(read(budgetBytes));
        } catch (BudgetExceededException e) {
            // say the least that works, which may be the mapped files of a small model
            boolean mapsWithLess =
                    notMapped != null && notMapped.requestedBytes() < e.requestedBytes();
            throw mapsWithLess ? notMapped : e;
        }
    }

    long leastBytes() {
        if (isQuantized()) {
            return read(Long.MAX_VALUE).chargedBytes() + sizes.promptBytes();
        }
        StreamOptions.Io io = input.options().stream().io();
        long read = Long.MAX_VALUE;
        long mapped = Long.MAX_VALUE;
        if (io != StreamOptions.Io.MMAP) {
            read = read(Long.MAX_VALUE).leastBytes();
        }
        if (io == StreamOptions.Io.MMAP || io == StreamOptions.Io.AUTO) {
            mapped = mapped(Long.MAX_VALUE).leastBytes();
        }
        return Math.min(read, mapped);
    }

    private Planned planned(ResidencyPlan residency) {
        return new Planned(kv, sizes, residency);
    }

    /** A mapped file cannot make room for a growing cache, so all of it is counted. */
    private ResidencyPlan mapped(long budgetBytes) {
        return residency(Mapping.REQUIRED, kv.pages(maxBatch), budgetBytes);
    }

    /** Weights that were quantised while they were read must not make room either. */
    private ResidencyPlan read(long budgetBytes) {
        int pages = isQuantized() ? kv.pages(maxBatch) : kv.plannedPages(maxBatch);
        return residency(Mapping.NEVER, pages, budgetBytes);
    }

    private boolean isQuantized() {
        return input.options().quantize() != Quantization.NONE;
    }

    private ResidencyPlan residency(Mapping mapping, int kvPages, long budgetBytes) {
        return ResidencyPlanner.plan(
                new PlanRequest(
                        input.groups().all(),
                        input.fixed(sizes, kv, kvPages).host(),
                        budgetBytes,
                        input.options().hostSlots(),
                        RequestSizes.LEAST_ROWS,
                        input.blockBytes(),
                        mapping,
                        sizes.promptBytes()));
    }
}
