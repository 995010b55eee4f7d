/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.plan;

import java.util.List;

/**
 * What was decided for the host's budget, or for the only one where kernels compute in host memory.
 *
 * @param terms everything that is charged
 * @param leastBytes the least budget that works
 * @param pinned what stays
 * @param slotCount slots of the ring, 0 for none
 * @param slotBytes size of a slot
 */
record PlanChoice(
        PlanTerms terms, long leastBytes, List<WeightGroup> pinned, int slotCount, long slotBytes) {

    /** Copies the list. */
    PlanChoice {
        pinned = List.copyOf(pinned);
    }
}
