/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.plan;

/** Decides what stays in memory and what streams. */
public final class ResidencyPlanner {

    private ResidencyPlanner() {}

    /**
     * Plans.
     *
     * @param request groups, budget, ring
     * @return the plan
     */
    public static ResidencyPlan plan(PlanRequest request) {
        throw new UnsupportedOperationException("pending");
    }
}
