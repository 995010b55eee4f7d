/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.cpu;

import io.offloadstream.device.Backend;
import io.offloadstream.device.DeviceMemory;
import io.offloadstream.device.SharedTable;
import io.offloadstream.device.Workspace;
import io.offloadstream.ops.ComputeType;
import io.offloadstream.ops.Ops;
import io.offloadstream.ops.Phase;
import io.offloadstream.ops.ScratchRules;
import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.KernelProvider;
import io.offloadstream.platform.Kernels;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.WorkerPool;
import java.util.Locale;
import java.util.Optional;

/** The CPU: kernels over host memory, split over the threads of one pool. */
public final class CpuBackend implements Backend {

    private final Kernels kernels;
    private final WorkerPool pool;
    private final ComputeType computeType;
    private final ScratchRules scratchRules;
    private final HostStream stream = new HostStream();

    /**
     * Starts the threads.
     *
     * @param threads how many compute, the calling thread included; at least 1
     */
    public CpuBackend(int threads) {
        this(threads, ComputeType.FLOAT32);
    }

    /**
     * Starts the threads.
     *
     * @param threads how many compute, the calling thread included; at least 1
     * @param computeType type of activations in products with weights that take it: int8 with those
     *     in blocks, bfloat16 with those of bfloat16
     * @throws IllegalArgumentException if it is float16
     */
    public CpuBackend(int threads, ComputeType computeType) {
        this(KernelProvider.kernels(), threads, computeType);
    }

    /**
     * Starts the threads, with kernels of the caller's choice, for float32.
     *
     * @param kernels what computes
     * @param threads how many compute, the calling thread included; at least 1
     */
    public CpuBackend(Kernels kernels, int threads) {
        this(kernels, threads, ComputeType.FLOAT32);
    }

    /**
     * Starts the threads, with kernels of the caller's choice.
     *
     * @param kernels what computes
     * @param threads how many compute, the calling thread included; at least 1
     * @param computeType type of activations in products with weights that take it: int8 with those
     *     in blocks, bfloat16 with those of bfloat16
     * @throws IllegalArgumentException if it is float16
     */
    public CpuBackend(Kernels kernels, int threads, ComputeType computeType) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads must be at least 1: " + threads);
        }
        if (computeType == ComputeType.FLOAT16) {
            throw new IllegalArgumentException(
                    "computeType=float16: the cpu backend takes activations in float32, bfloat16"
                            + " or int8; that needs a device with matrix units for it");
        }
        this.computeType = computeType;
        this.scratchRules =
                computeType == ComputeType.FLOAT32
                        ? ScratchRules.NONE
                        : new ActivationScratch(computeType, kernels.roundedBytes());
        this.kernels = kernels;
        this.pool = new WorkerPool(threads);
    }

    @Override
    public String name() {
        int threads = pool.threads();
        String unit = threads == 1 ? " thread" : " threads";
        String type =
                computeType == ComputeType.FLOAT32
                        ? ""
                        : ", " + computeType.name().toLowerCase(Locale.ROOT) + " activations";
        return "cpu (" + kernels.name() + ", " + threads + unit + type + ")";
    }

    @Override
    public boolean computesInHostMemory() {
        return true;
    }

    @Override
    public Optional<DeviceMemory> memory() {
        return Optional.empty();
    }

    @Override
    public DeviceBuffer allocate(MemoryBudget device, String purpose, long sizeBytes) {
        return HostMemory.allocate(device, purpose, sizeBytes);
    }

    @Override
    public long chargedBytes(long sizeBytes) {
        return HostMemory.chargedBytes(sizeBytes);
    }

    @Override
    public HostMemory allocateHost(MemoryBudget host, String purpose, long sizeBytes) {
        return HostMemory.allocate(host, purpose, sizeBytes);
    }

    @Override
    public SharedTable newTable(
            MemoryBudget host, MemoryBudget device, String purpose, long sizeBytes) {
        return new HostTable(HostMemory.allocate(host, purpose, sizeBytes));
    }

    @Override
    public DeviceStream computeStream() {
        return stream;
    }

    @Override
    public DeviceStream newStream(String name) {
        return stream;
    }

    @Override
    public ScratchRules scratchRules() {
        return scratchRules;
    }

    @Override
    public long workspaceHostBytes(long rowBytes) {
        return 0;
    }

    @Override
    public Workspace newWorkspace(
            MemoryBudget host,
            MemoryBudget device,
            long rowBytes,
            long sizeBytes,
            long attentionBytes) {
        return new CpuWorkspace(device, sizeBytes);
    }

    @Override
    public Ops ops(Workspace workspace, Phase phase) {
        if (workspace instanceof CpuWorkspace own) {
            return new CpuOps(kernels, pool, own, scratchRules, computeType);
        }
        throw new IllegalArgumentException(
                "the cpu backend computes in its own workspaces, not in " + workspace);
    }

    @Override
    public void close() {
        pool.close();
    }
}
