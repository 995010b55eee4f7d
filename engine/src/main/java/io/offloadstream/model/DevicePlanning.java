/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.cache.KvArena;
import io.offloadstream.cache.KvLayout;
import io.offloadstream.device.Backend;
import io.offloadstream.model.DeviceOptions.KvCachePlacement;
import io.offloadstream.model.PlanInput.Fixed;
import io.offloadstream.model.PlanInput.Planned;
import io.offloadstream.ops.AttentionPlace;
import io.offloadstream.ops.KvPlacement;
import io.offloadstream.plan.Bandwidths;
import io.offloadstream.plan.DeviceRequest;
import io.offloadstream.plan.PlanRequest;
import io.offloadstream.plan.PlanRequest.Mapping;
import io.offloadstream.plan.PlanRequest.Term;
import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.plan.ResidencyPlanner;
import io.offloadstream.platform.BudgetExceededException;
import io.offloadstream.platform.MemorySize;
import io.offloadstream.quant.Quantization;
import io.offloadstream.stream.StreamOptions;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Plans a model for a device with memory of its own: by two budgets.
 *
 * <p>A cache on the device is reserved when the model opens. A length that was asked for is
 * reserved or refused; without one it is what a quarter of the budget holds, less where the rest of
 * the model leaves less.
 */
final class DevicePlanning {

    private static final Logger LOG = LoggerFactory.getLogger(DevicePlanning.class);

    /** One that a read lands in while the other is copied. */
    private static final int LEAST_CHUNKS = 2;

    private final PlanInput input;
    private final ModelOptions options;
    private final Backend backend;
    private final DeviceBudget budget;
    private final Bandwidths bandwidths;

    DevicePlanning(PlanInput input, DeviceBudget budget, Bandwidths bandwidths) {
        this.input = input;
        this.options = input.options();
        this.backend = input.backend();
        this.budget = budget;
        this.bandwidths = bandwidths;
    }

    Planned choose() {
        Planned planned = chooseCache();
        if (planned.kv().placement() == KvPlacement.HOST) {
            HostPlanning.warnIfLowered(input, planned.kv());
        }
        if (options.device().attention() == AttentionPlace.HOST
                && planned.kv().placement() == KvPlacement.DEVICE) {
            LOG.warn(
                    "attention=host has no effect: kvCachePlacement=auto keeps keys and values of"
                            + " {} tokens on the device; set kvCachePlacement=host",
                    planned.kv().maxSequenceLength());
        }
        return planned;
    }

    private Planned chooseCache() {
        if (isLengthFree()) {
            return longestOnDevice();
        }
        BudgetExceededException least = null;
        for (KvChoice kv : choices()) {
            try {
                Planned planned = plan(kv, budget.givenBytes(), options.hostMemoryBytes());
                sayIfMoved(kv);
                return planned;
            } catch (BudgetExceededException e) {
                // say what the placement that needs less would need
                least = least == null || e.requestedBytes() < least.requestedBytes() ? e : least;
            }
        }
        throw least;
    }

    private boolean isLengthFree() {
        return options.maxSequenceLength() == 0
                && options.device().kvCachePlacement() != KvCachePlacement.HOST;
    }

    /** Caches that the options allow, the preferred one first. */
    private List<KvChoice> choices() {
        KvCachePlacement wanted = options.device().kvCachePlacement();
        if (wanted == KvCachePlacement.HOST) {
            return List.of(HostPlanning.hostCache(input, KvPlacement.HOST));
        }
        int length = options.maxSequenceLength();
        if (length == 0) {
            return List.of(onDevice(leastLength()));
        }
        if (wanted == KvCachePlacement.DEVICE) {
            return List.of(onDevice(length));
        }
        KvChoice onHost = new KvChoice(KvPlacement.HOST, length, true);
        return fitsQuarter(length)
                ? List.of(onDevice(length), onHost)
                : List.of(onHost, onDevice(length));
    }

    private boolean fitsQuarter(int length) {
        return arenaBytes(length) <= budget.givenBytes() / HostPlanning.KV_SHARE;
    }

    private void sayIfMoved(KvChoice kv) {
        boolean auto = options.device().kvCachePlacement() == KvCachePlacement.AUTO;
        if (auto && kv.placement() == KvPlacement.HOST) {
            LOG.info(
                    "the KV cache of {} tokens takes {} of deviceMemory={}: it is kept in host"
                            + " memory; kvCachePlacement=device keeps it on the device",
                    kv.maxSequenceLength(),
                    MemorySize.format(arenaBytes(kv.maxSequenceLength())),
                    MemorySize.format(budget.givenBytes()));
        }
    }

    /**
     * The least budgets that the options work with, each with the other as it is: exact, one byte
     * less is refused.
     *
     * @return of the host, of the device
     */
    long[] leastBytes() {
        long host = Long.MAX_VALUE;
        long device = Long.MAX_VALUE;
        for (KvChoice kv : choices()) {
            ResidencyPlan plan = plan(kv, Long.MAX_VALUE, Long.MAX_VALUE).residency();
            if (plan.leastBytes() <= options.hostMemoryBytes()) {
                device = Math.min(device, plan.deviceLeastBytes());
            }
            if (plan.deviceLeastBytes() <= budget.givenBytes()) {
                boolean quantized = options.quantize() != Quantization.NONE;
                host = Math.min(host, quantized ? allOnHost(kv) : plan.leastBytes());
            }
        }
        return new long[] {host, device};
    }

    /** What keeps in host memory all weights that the device does not. */
    private long allOnHost(KvChoice kv) {
        Planned planned = plan(kv, budget.givenBytes(), Long.MAX_VALUE);
        return planned.residency().chargedBytes()
                + planned.sizes().promptHostBytes(options.hostMemoryBytes());
    }

    /** Nobody asked for a length: the model's, or what a quarter holds, or what is left. */
    private Planned longestOnDevice() {
        int most = input.decoder().maxPositions();
        long page = arenaBytes(KvLayout.PAGE_TOKENS);
        long quarter = budget.givenBytes() / HostPlanning.KV_SHARE;
        long holds = Math.max(1, quarter / page) * KvLayout.PAGE_TOKENS;
        int length = (int) Math.min(most, holds);
        while (true) {
            try {
                KvChoice kv = onDevice(length);
                Planned planned = plan(kv, budget.givenBytes(), options.hostMemoryBytes());
                if (length < most) {
                    HostPlanning.warnLowered(most, length, "deviceMemory", budget.givenBytes());
                }
                return planned;
            } catch (BudgetExceededException e) {
                if (length <= leastLength()) {
                    throw e;
                }
                LOG.debug("a cache of {} tokens does not fit: {}", length, e.getMessage());
                int pages = KvLayout.pages(length) / 2;
                length = Math.max(leastLength(), pages * KvLayout.PAGE_TOKENS);
            }
        }
    }

    private int leastLength() {
        return Math.min(input.decoder().maxPositions(), KvLayout.PAGE_TOKENS);
    }

    private static KvChoice onDevice(int length) {
        return new KvChoice(KvPlacement.DEVICE, length, true);
    }

    private long arenaBytes(int length) {
        int pages = Math.multiplyExact(KvLayout.pages(length), options.maxBatch());
        return backend.chargedBytes(KvArena.sizeBytes(input.kvLayout(), pages));
    }

    private Planned plan(KvChoice kv, long deviceBytes, long hostBytes) {
        RequestSizes sizes = input.sizes(kv, budget.givenBytes());
        Fixed fixed = input.fixed(sizes, kv, kv.plannedPages(options.maxBatch()));
        List<Term> device = new ArrayList<>(budget.terms());
        device.addAll(fixed.device());
        int asked = options.device().pinnedSlots();
        int chunks = asked > 0 ? asked : options.device().mostPinnedSlots();
        int leastChunks = asked > 0 ? asked : Math.min(LEAST_CHUNKS, chunks);
        if (options.stream().io() == StreamOptions.Io.GDS) {
            // what reads land in is on the device too
            leastChunks = chunks;
            long bytes = backend.chargedBytes(ResidencyPlan.MOST_REQUEST_BYTES);
            device.add(new Term("gds staging of " + chunks + " chunks", chunks * bytes));
        }
        DeviceRequest onDevice =
                new DeviceRequest(
                        deviceBytes,
                        device,
                        backend::chargedBytes,
                        options.device().deviceSlots(),
                        options.device().mostDeviceSlots(),
                        leastChunks,
                        chunks,
                        leastChunks == chunks ? 0 : options.stream().readThreads(),
                        input.groups().blocks(),
                        options.device().gpuLayers(),
                        sizes.promptBytes(),
                        cacheBytes(kv),
                        bandwidths);
        PlanRequest request =
                new PlanRequest(
                        input.groups().all(),
                        fixed.host(),
                        hostBytes,
                        options.hostSlots(),
                        RequestSizes.LEAST_ROWS,
                        input.blockBytes(),
                        Mapping.NEVER,
                        sizes.promptHostBytes(options.hostMemoryBytes()),
                        onDevice);
        return new Planned(kv, sizes, ResidencyPlanner.plan(request));
    }

    /**
     * What a pass of one token reads of the cache over the bus, at half of the longest sequence: as
     * much as the tokens of a whole one do on average.
     */
    private long cacheBytes(KvChoice kv) {
        boolean overBus =
                kv.placement() == KvPlacement.HOST
                        && options.device().attention() == AttentionPlace.DEVICE;
        long tokens = kv.maxSequenceLength() / 2;
        return overBus ? input.kvLayout().tokenBytes() * tokens : 0;
    }
}
