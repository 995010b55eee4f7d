/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.plan;

import java.util.List;

/**
 * What the planner decides on.
 *
 * @param groups all groups by index
 * @param fixed everything else that is charged whatever the plan: workspace, hidden state, reserved
 *     KV cache, ...
 * @param hostMemoryBytes the budget
 * @param slotCount slots of the ring in host memory, at least 1; a device has a ring of its own
 * @param gatherRows rows that one gather takes
 * @param blockBytes alignment of direct io, 1 if reads are not direct
 * @param mapping what may be mapped
 * @param spareBytes what stays free for requests, rather than keep groups resident, if there is
 *     any; the least budget has none
 * @param device the other budget, or null where kernels compute in host memory
 */
public record PlanRequest(
        List<WeightGroup> groups,
        List<Term> fixed,
        long hostMemoryBytes,
        int slotCount,
        int gatherRows,
        int blockBytes,
        Mapping mapping,
        long spareBytes,
        DeviceRequest device) {

    /**
     * Constructs a request for kernels that compute in host memory.
     *
     * @param groups all groups by index
     * @param fixed everything else that is charged whatever the plan
     * @param hostMemoryBytes the budget
     * @param slotCount slots of the ring
     * @param gatherRows rows that one gather takes
     * @param blockBytes alignment of direct io, 1 if reads are not direct
     * @param mapping what may be mapped
     * @param spareBytes what stays free for requests
     */
    public PlanRequest(
            List<WeightGroup> groups,
            List<Term> fixed,
            long hostMemoryBytes,
            int slotCount,
            int gatherRows,
            int blockBytes,
            Mapping mapping,
            long spareBytes) {
        this(
                groups,
                fixed,
                hostMemoryBytes,
                slotCount,
                gatherRows,
                blockBytes,
                mapping,
                spareBytes,
                null);
    }

    /** Whether files may be mapped. */
    public enum Mapping {
        /** Map if all files fit, stream otherwise. */
        IF_ALL_FITS,
        /** Map, or refuse. */
        REQUIRED,
        /** Never map. */
        NEVER
    }

    /**
     * A named part of the budget.
     *
     * @param name for tables and messages
     * @param bytes its size
     */
    public record Term(String name, long bytes) {}
}
