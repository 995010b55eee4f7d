/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.cpu;

import io.offloadstream.device.Backend;
import io.offloadstream.device.Workspace;
import io.offloadstream.ops.Ops;
import io.offloadstream.platform.KernelProvider;
import io.offloadstream.platform.Kernels;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.WorkerPool;

/** The CPU: kernels over host memory, split over the threads of one pool. */
public final class CpuBackend implements Backend {

    private final Kernels kernels;
    private final WorkerPool pool;

    /**
     * Starts the threads.
     *
     * @param threads how many compute, the calling thread included; at least 1
     */
    public CpuBackend(int threads) {
        this(KernelProvider.kernels(), threads);
    }

    /**
     * Starts the threads, with kernels of the caller's choice.
     *
     * @param kernels what computes
     * @param threads how many compute, the calling thread included; at least 1
     */
    public CpuBackend(Kernels kernels, int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads must be at least 1: " + threads);
        }
        this.kernels = kernels;
        this.pool = new WorkerPool(threads);
    }

    @Override
    public String name() {
        int threads = pool.threads();
        String unit = threads == 1 ? " thread)" : " threads)";
        return "cpu (" + kernels.name() + ", " + threads + unit;
    }

    @Override
    public Workspace newWorkspace(MemoryBudget budget, long sizeBytes) {
        return new CpuWorkspace(budget, sizeBytes);
    }

    @Override
    public Ops ops(Workspace workspace) {
        if (workspace instanceof CpuWorkspace own) {
            return new CpuOps(kernels, pool, own);
        }
        throw new IllegalArgumentException(
                "the cpu backend computes in its own workspaces, not in " + workspace);
    }

    @Override
    public void close() {
        pool.close();
    }
}
