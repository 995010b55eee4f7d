/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device;

import io.offloadstream.ops.Ops;
import io.offloadstream.ops.Phase;
import io.offloadstream.ops.ScratchRules;
import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.DeviceStorage;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import java.util.Optional;

/**
 * A device that computes: its memory, its streams, its kernels. Nothing above it knows which one
 * runs. A backend belongs to one model; models on one card share the card below it.
 *
 * <p>Two budgets pay: the host's, and the device's. Where kernels compute in host memory the two
 * are one.
 */
public interface Backend extends AutoCloseable {

    /**
     * Returns what runs, for logs and statistics.
     *
     * @return for example {@code cpu (native avx512vnni, 2 threads)} or {@code cuda:0 (NVIDIA H200,
     *     sm_90)}
     */
    String name();

    /**
     * Tells whether kernels read host memory, so that weights are not copied after they are read.
     *
     * @return true for the CPU
     */
    boolean computesInHostMemory();

    /**
     * Returns the state of the device's memory.
     *
     * @return as it is now; empty where kernels compute in host memory
     */
    Optional<DeviceMemory> memory();

    /**
     * Allocates memory that kernels compute in.
     *
     * @param device budget that it is charged to
     * @param purpose for messages
     * @param sizeBytes its size, more than 0
     * @return the memory, for the caller to close
     */
    DeviceBuffer allocate(MemoryBudget device, String purpose, long sizeBytes);

    /**
     * Returns what {@link #allocate} charges: planners add these up.
     *
     * @param sizeBytes the size that would be asked for, more than 0
     * @return bytes
     */
    long chargedBytes(long sizeBytes);

    /**
     * Allocates host memory that is copied to and from the device: pinned where there is such a
     * thing.
     *
     * @param host budget that it is charged to, as {@link HostMemory#chargedBytes} says
     * @param purpose for messages
     * @param sizeBytes its size, more than 0
     * @return the memory, zeroed, for the caller to close
     */
    HostMemory allocateHost(MemoryBudget host, String purpose, long sizeBytes);

    /**
     * Allocates a small table that the host writes and kernels read.
     *
     * @param host budget of the part that is written
     * @param device budget of the part that kernels read
     * @param purpose for messages
     * @param sizeBytes its size, more than 0
     * @return the table, for the caller to close
     */
    SharedTable newTable(MemoryBudget host, MemoryBudget device, String purpose, long sizeBytes);

    /**
     * Returns the stream that operators enqueue their kernels in. Whoever reads their outputs, or
     * frees what they use, synchronizes it first.
     *
     * @return the stream, owned by the backend
     */
    DeviceStream computeStream();

    /**
     * Opens another stream, for copies beside the kernels.
     *
     * @param name for messages and traces
     * @return the stream, for the caller to close
     */
    DeviceStream newStream(String name);

    /**
     * Returns what operators take beside their results.
     *
     * @return the rules, for {@link io.offloadstream.ops.MeasuringOps}
     */
    ScratchRules scratchRules();

    /**
     * Returns what a workspace takes of host memory beside the device's: staging of rows.
     *
     * @param rowBytes of the longest row that is gathered
     * @return bytes, as charged
     */
    long workspaceHostBytes(long rowBytes);

    /**
     * Allocates scratch memory.
     *
     * @param host budget for {@link #workspaceHostBytes} and attentionBytes
     * @param device budget for the rest
     * @param rowBytes of the longest row that is gathered
     * @param sizeBytes as {@link io.offloadstream.ops.MeasuringOps#peakBytes()} measured it
     * @param attentionBytes as {@link io.offloadstream.ops.MeasuringOps#peakHostBytes()} measured
     *     it; 0 where the device attends
     * @return the workspace, for the caller to close
     */
    Workspace newWorkspace(
            MemoryBudget host,
            MemoryBudget device,
            long rowBytes,
            long sizeBytes,
            long attentionBytes);

    /**
     * Allocates scratch memory for operators that attend where they compute all else.
     *
     * @param host budget for {@link #workspaceHostBytes}
     * @param device budget for the rest
     * @param rowBytes of the longest row that is gathered
     * @param sizeBytes as {@link io.offloadstream.ops.MeasuringOps#peakBytes()} measured it
     * @return the workspace, for the caller to close
     */
    default Workspace newWorkspace(
            MemoryBudget host, MemoryBudget device, long rowBytes, long sizeBytes) {
        return newWorkspace(host, device, rowBytes, sizeBytes, 0);
    }

    /**
     * Returns the operators, their results living in a workspace of this backend.
     *
     * @param workspace from {@link #newWorkspace}
     * @param phase of the request that they run for
     * @return operators for one thread at a time
     */
    Ops ops(Workspace workspace, Phase phase);

    /**
     * Measures the limit of the products of many rows, in about a second.
     *
     * @return the peak for the backend's compute type; empty where it is not measured, on the CPU
     */
    default Optional<ProductPeak> measureProductPeak() {
        return Optional.empty();
    }

    /**
     * Opens a way to read files into memory from {@link #allocate} without the host's: GPUDirect
     * Storage.
     *
     * @return the way, for the caller to close before this
     * @throws DeviceException if there is none; the message has the reason
     */
    default DeviceStorage openStorage() {
        throw new DeviceException("GPUDirect Storage needs backend=cuda, this is " + name());
    }

    /** Waits for the end of what is enqueued, stops the device's threads, frees what it holds. */
    @Override
    void close();
}
