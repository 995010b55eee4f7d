/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device;

import io.offloadstream.ops.Ops;
import io.offloadstream.platform.MemoryBudget;

/** A device that computes. Nothing above it knows which one runs. */
public interface Backend extends AutoCloseable {

    /**
     * Returns what runs, for logs and statistics.
     *
     * @return for example {@code cpu (native avx512, 2 threads)}
     */
    String name();

    /**
     * Allocates scratch memory.
     *
     * @param budget what it is charged to
     * @param sizeBytes as {@link io.offloadstream.ops.MeasuringOps#peakBytes()} measured it
     * @return the workspace, for the caller to close
     */
    Workspace newWorkspace(MemoryBudget budget, long sizeBytes);

    /**
     * Returns the operators, their results living in a workspace of this backend.
     *
     * @param workspace from {@link #newWorkspace}
     * @return operators for one thread at a time
     */
    Ops ops(Workspace workspace);

    /** Stops the device's threads. */
    @Override
    void close();
}
