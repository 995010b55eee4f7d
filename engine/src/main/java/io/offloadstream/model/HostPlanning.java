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
        return new KvChoice(placement, (int) Math.min(holds, most), false);
    }

    /** Says so if a cache that was chosen is shorter than the model allows, and nobody asked. */
    static void warnIfLowered(PlanInput input, KvChoice kv) {
        int most = input.decoder().maxPositions();
        if (input.options().maxSequenceLength() == 0 && kv.maxSequenceLength() < most) {
            long budgetBytes = input.options().hostMemoryBytes();
            warnLowered(most, kv.maxSequenceLength(), "hostMemory", budgetBytes);
        }
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
        warnIfLowered(input, kv);
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
            return leastWithoutStreaming();
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

    /** What keeps all weights in memory, to a thousandth: prompts and caches grow with it. */
    private long leastWithoutStreaming() {
        long least = 0;
        long enough = read(Long.MAX_VALUE).chargedBytes() + sizes.promptBytes();
        while (!keepsAll(enough)) {
            least = enough;
            enough += enough / 8;
        }
        while (enough - least > enough / 1000) {
            long middle = least + (enough - least) / 2;
            if (keepsAll(middle)) {
                enough = middle;
            } else {
                least = middle;
            }
        }
        return enough;
    }

    private boolean keepsAll(long budgetBytes) {
        try {
            HostPlanning other = new HostPlanning(input.withHostMemory(budgetBytes));
            return other.read(budgetBytes).streamedBytesPerPass() == 0;
        } catch (BudgetExceededException e) {
            return false;
        }
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
