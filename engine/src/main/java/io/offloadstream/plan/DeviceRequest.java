/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.plan;

import io.offloadstream.plan.PlanRequest.Term;
import java.util.List;
import java.util.function.LongUnaryOperator;

/**
 * What the planner decides on for a device with memory of its own, beside what {@link PlanRequest}
 * says of the host.
 *
 * @param deviceMemoryBytes the budget
 * @param fixed what is charged to it whatever the plan: the context, other models, workspace,
 *     hidden state, KV cache
 * @param chargedBytes what an allocation of a size is charged on the device
 * @param slotCount slots of the ring that weights are copied to, at least: what the least budget
 *     has
 * @param mostSlotCount as many as may be taken where more make a pass faster
 * @param leastStagingCount pinned chunks that reads land in, at least: what the least budget has
 * @param stagingCount the most that are wanted, if they are a small part of the host's budget
 * @param readThreads reads in flight that the count of chunks follows from, by the bandwidths; 0 to
 *     want as many as stagingCount
 * @param blockCount how many of the first groups are blocks, which are STREAMED
 * @param leastBlocks how many of them must stay on the device ({@code gpuLayers})
 * @param spareBytes of the device, what stays free for requests rather than keep groups resident
 * @param cacheBytes what a pass copies over the bus beside weights, keys and values that host
 *     memory keeps: a part of the prediction, while what stays where follows from the weights, for
 *     whatever spares reads and copies spares them beside these too
 * @param bandwidths what the time of a pass is predicted with
 */
public record DeviceRequest(
        long deviceMemoryBytes,
        List<Term> fixed,
        LongUnaryOperator chargedBytes,
        int slotCount,
        int mostSlotCount,
        int leastStagingCount,
        int stagingCount,
        int readThreads,
        int blockCount,
        int leastBlocks,
        long spareBytes,
        long cacheBytes,
        Bandwidths bandwidths) {

    /** Checks the counts and makes the list immutable. */
    public DeviceRequest {
        fixed = List.copyOf(fixed);
        if (slotCount < 1 || leastStagingCount < 1 || stagingCount < leastStagingCount) {
            throw new IllegalArgumentException(
                    "deviceSlots "
                            + slotCount
                            + " and pinnedSlots "
                            + leastStagingCount
                            + " to "
                            + stagingCount
                            + " must be at least 1");
        }
        if (mostSlotCount < slotCount || readThreads < 0) {
            throw new IllegalArgumentException(
                    "slots " + slotCount + " to " + mostSlotCount + ", reads " + readThreads);
        }
        if (leastBlocks < 0 || leastBlocks > blockCount) {
            throw new IllegalArgumentException(
                    "gpuLayers=" + leastBlocks + " is not between 0 and the model's " + blockCount);
        }
    }
}
