/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.plan;

import java.util.List;

/**
 * For each group, whether it stays in memory or streams from disk; the ring of slots; and every
 * byte of the budget by name. Printable as a table. Immutable.
 */
public final class ResidencyPlan {

    private final List<WeightGroup> groups;

    ResidencyPlan(List<WeightGroup> groups) {
        this.groups = List.copyOf(groups);
    }

    /**
     * Returns all groups.
     *
     * @return groups by index
     */
    public List<WeightGroup> groups() {
        return groups;
    }

    /**
     * Returns the least budget that works.
     *
     * @return bytes
     */
    public long leastBytes() {
        throw new UnsupportedOperationException("pending");
    }
}
