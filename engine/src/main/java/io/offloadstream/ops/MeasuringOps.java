/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.ops;

/**
 * Operators that compute nothing: they give results of the right shape at address 0 and add up the
 * scratch memory that a real run would take from its workspace. Running a block once on these tells
 * the planner its exact need, whatever the architecture.
 */
public abstract class MeasuringOps implements Ops {

    /**
     * Returns the most scratch memory that was in use at one time.
     *
     * @return bytes
     */
    public abstract long peakBytes();
}
