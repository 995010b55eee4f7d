/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.cache.KvArena;
import io.offloadstream.cache.KvLayout;
import io.offloadstream.cache.KvPagePool;
import io.offloadstream.cache.KvSequences;
import io.offloadstream.device.Backend;
import io.offloadstream.ops.KvPlacement;
import io.offloadstream.plan.PlanRequest.Term;
import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.platform.HostMemory;
import java.util.ArrayList;
import java.util.List;

/**
 * What a plan is made of, whatever the budgets.
 *
 * @param options all of them
 * @param decoder the model
 * @param groups its groups
 * @param kvLayout of the cache
 * @param blockBytes alignment of direct io, 1 if reads are not direct
 * @param backend what will compute
 */
record PlanInput(
        ModelOptions options,
        Decoder decoder,
        ModelGroups groups,
        KvLayout kvLayout,
        int blockBytes,
        Backend backend) {

    /**
     * A plan for one length of the KV cache.
     *
     * @param kv the cache
     * @param sizes what requests take
     * @param residency where weights are
     */
    record Planned(KvChoice kv, RequestSizes sizes, ResidencyPlan residency) {}

    /**
     * What is charged whatever weights stay where.
     *
     * @param host to the host's budget
     * @param device to the device's, if it has one
     */
    record Fixed(List<Term> host, List<Term> device) {}

    /** The same under another budget of the host. */
    PlanInput withHostMemory(long bytes) {
        return new PlanInput(
                options.withHostMemory(bytes), decoder, groups, kvLayout, blockBytes, backend);
    }

    RequestSizes sizes(KvChoice kv, long budgetBytes) {
        return new RequestSizes(
                decoder, groups, backend, kvLayout, kv, budgetBytes, options.maxBatch());
    }

    /** Adds up what a model always has, as it is allocated when the model opens. */
    Fixed fixed(RequestSizes sizes, KvChoice kv, int hostPages) {
        List<Term> host = new ArrayList<>();
        List<Term> device = backend.computesInHostMemory() ? host : new ArrayList<>();
        long scratch = sizes.scratchBytes(RequestSizes.LEAST_ROWS);
        long hidden = sizes.hiddenBytes(sizes.passRows());
        device.add(new Term("scratch", backend.chargedBytes(scratch)));
        device.add(new Term("hidden state", backend.chargedBytes(hidden)));
        addTable(host, device, "pass tables", sizes.tableBytes(sizes.passRows()));
        if (!backend.computesInHostMemory() && kv.placement() == KvPlacement.DEVICE) {
            long arena = KvArena.sizeBytes(kvLayout, kv.pages(options.maxBatch()));
            device.add(new Term("KV cache", backend.chargedBytes(arena)));
        } else {
            host.add(new Term("KV cache", KvPagePool.chargedBytes(kvLayout, hostPages)));
        }
        long kvTables = KvSequences.tableBytes(options.maxBatch(), kv.maxSequenceLength());
        addTable(host, device, "KV tables", kvTables);
        long staging = backend.workspaceHostBytes(sizes.rowBytes());
        if (staging > 0) {
            host.add(new Term("row staging", staging));
        }
        long attention = sizes.attentionChargedBytes(RequestSizes.LEAST_ROWS);
        if (attention > 0) {
            host.add(new Term("attention rows", attention));
        }
        return new Fixed(host, device);
    }

    private void addTable(List<Term> host, List<Term> device, String name, long sizeBytes) {
        host.add(new Term(name, HostMemory.chargedBytes(sizeBytes)));
        if (device != host) {
            device.add(new Term(name, backend.chargedBytes(sizeBytes)));
        }
    }
}
