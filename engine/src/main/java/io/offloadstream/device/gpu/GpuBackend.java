/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import io.offloadstream.device.Backend;
import io.offloadstream.device.DeviceMemory;
import io.offloadstream.device.ProductPeak;
import io.offloadstream.device.SharedTable;
import io.offloadstream.device.Workspace;
import io.offloadstream.device.cpu.CpuAttention;
import io.offloadstream.ops.ComputeType;
import io.offloadstream.ops.Gemm;
import io.offloadstream.ops.Ops;
import io.offloadstream.ops.Phase;
import io.offloadstream.ops.ScratchRules;
import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.DeviceStorage;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.Owned;
import io.offloadstream.platform.WorkerPool;
import io.offloadstream.platform.gpu.Gpu;
import io.offloadstream.platform.gpu.GpuInfo;
import java.util.Optional;

/**
 * A card, or whatever OpenCL calls a device: one compute stream, one stream for keys and values
 * that are kept on the host, others for whoever copies.
 */
public final class GpuBackend implements Backend {

    private final Gpu gpu;
    private final ComputeType computeType;
    private final DeviceStream compute;
    private final DeviceStream transfer;
    private final GemmLibrary library;
    private final GpuScratch rules;

    /** Whose threads attend to a cache in host memory, or null: the device does. */
    private final WorkerPool pool;

    /**
     * Takes a device over.
     *
     * @param gpu open; closed with this backend, and if this fails
     * @param computeType what products take their activations in
     */
    public GpuBackend(Gpu gpu, ComputeType computeType) {
        this(gpu, computeType, Gemm.OWN);
    }

    /**
     * Takes a device over.
     *
     * @param gpu open; closed with this backend, and if this fails
     * @param computeType what products take their activations in
     * @param gemm what multiplies many rows
     * @throws io.offloadstream.platform.DeviceException if the device lacks the library
     */
    public GpuBackend(Gpu gpu, ComputeType computeType, Gemm gemm) {
        this(gpu, computeType, gemm, 0);
    }

    /**
     * Takes a device over.
     *
     * @param gpu open; closed with this backend, and if this fails
     * @param computeType what products take their activations in
     * @param gemm what multiplies many rows
     * @param attentionThreads threads of the host that attend to keys and values in its memory, the
     *     calling thread included; 0 if the device does
     * @throws io.offloadstream.platform.DeviceException if the device lacks the library
     */
    public GpuBackend(Gpu gpu, ComputeType computeType, Gemm gemm, int attentionThreads) {
        this.gpu = gpu;
        this.computeType = computeType;
        try (Owned opened = new Owned()) {
            opened.own(gpu);
            compute = opened.own(gpu.newStream("compute"));
            transfer = opened.own(gpu.newStream("KV transfer"));
            library =
                    opened.own(
                            gemm == Gemm.CUBLAS
                                    ? new GemmLibrary(gpu, compute, computeType)
                                    : null);
            pool = attentionThreads > 0 ? new WorkerPool(attentionThreads) : null;
            opened.release();
        }
        rules = new GpuScratch(attentionThreads > 0);
    }

    @Override
    public String name() {
        GpuInfo info = gpu.info();
        String products = library == null ? "" : ", cuBLAS";
        return device() + " (" + info.name() + ", " + info.capability() + products + ")";
    }

    private String device() {
        return gpu.info().driver() + ":" + gpu.info().ordinal();
    }

    @Override
    public boolean computesInHostMemory() {
        return false;
    }

    @Override
    public Optional<DeviceMemory> memory() {
        return Optional.of(
                new DeviceMemory(
                        device(),
                        gpu.info().totalBytes(),
                        gpu.freeBytes(),
                        gpu.contextBytes(),
                        library == null ? 0 : library.sizeBytes()));
    }

    @Override
    public DeviceBuffer allocate(MemoryBudget device, String purpose, long sizeBytes) {
        return gpu.allocate(device, purpose, sizeBytes);
    }

    @Override
    public long chargedBytes(long sizeBytes) {
        return gpu.chargedBytes(sizeBytes);
    }

    @Override
    public HostMemory allocateHost(MemoryBudget host, String purpose, long sizeBytes) {
        return gpu.allocateHost(host, purpose, sizeBytes);
    }

    @Override
    public SharedTable newTable(
            MemoryBudget host, MemoryBudget device, String purpose, long sizeBytes) {
        return new GpuTable(gpu, compute, host, device, purpose, sizeBytes);
    }

    @Override
    public DeviceStream computeStream() {
        return compute;
    }

    @Override
    public DeviceStream newStream(String name) {
        return gpu.newStream(name);
    }

    @Override
    public ScratchRules scratchRules() {
        return rules;
    }

    @Override
    public long workspaceHostBytes(long rowBytes) {
        return HostMemory.chargedBytes(RowStaging.sizeBytes(rowBytes));
    }

    @Override
    public Workspace newWorkspace(
            MemoryBudget host,
            MemoryBudget device,
            long rowBytes,
            long sizeBytes,
            long attentionBytes) {
        return new GpuWorkspace(gpu, compute, host, device, rowBytes, sizeBytes, attentionBytes);
    }

    @Override
    public Ops ops(Workspace workspace, Phase phase) {
        if (workspace instanceof GpuWorkspace own && own.belongsTo(gpu)) {
            return new GpuOps(
                    own,
                    rules,
                    compute,
                    own.linear(phase, computeType, library),
                    new GpuAttention(own.kernels(), compute, transfer, phase),
                    pool == null
                            ? null
                            : new HostAttention(
                                    new CpuAttention(pool), compute, own.attentionMemory()));
        }
        throw new IllegalArgumentException(
                name() + " computes in its own workspaces, not in " + workspace);
    }

    @Override
    public Optional<ProductPeak> measureProductPeak() {
        return Optional.of(new PeakMeasure(gpu, compute).measure(computeType));
    }

    @Override
    public DeviceStorage openStorage() {
        return gpu.openStorage();
    }

    @Override
    public void close() {
        Owned.closeAll(compute, transfer, library, pool, gpu);
    }
}
