/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.gpu;

import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.DeviceStorage;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;

/**
 * An open device: memory, streams, kernels. Thread-safe, except that a {@link GpuKernel} is used by
 * one thread at a time.
 */
public interface Gpu extends AutoCloseable {

    /**
     * Returns what it is.
     *
     * @return as found
     */
    GpuInfo info();

    /**
     * Returns what the driver, the context, the compiled kernels and libraries take of the device
     * for this process: part of the user's budget.
     *
     * @return bytes, as measured when the device was opened
     */
    long contextBytes();

    /**
     * Returns how much of the device is free now, by the driver's word.
     *
     * @return bytes; the total less what was allocated here where the driver does not tell
     */
    long freeBytes();

    /**
     * Allocates memory of the device.
     *
     * @param budget what it is charged to
     * @param purpose for messages
     * @param sizeBytes its size, more than 0
     * @return the memory, contents undefined, for the caller to close
     * @throws io.offloadstream.platform.BudgetExceededException if the budget does not hold it
     * @throws io.offloadstream.platform.DeviceException if the device refuses it; the message has
     *     what was asked for, what is free and the option to lower
     */
    DeviceBuffer allocate(MemoryBudget budget, String purpose, long sizeBytes);

    /**
     * Returns what {@link #allocate} charges for a size: planners add these up.
     *
     * @param sizeBytes the size that would be asked for, more than 0
     * @return bytes, rounded up as the device does
     */
    long chargedBytes(long sizeBytes);

    /**
     * Allocates host memory that the device copies from at full speed: pinned, and aligned as
     * {@link HostMemory} is, so that direct reads land in it.
     *
     * @param budget of the host, what it is charged to as {@link HostMemory#chargedBytes} says
     * @param purpose for messages
     * @param sizeBytes its size, more than 0
     * @return the memory, zeroed, for the caller to close when no stream uses it any more
     */
    HostMemory allocateHost(MemoryBudget budget, String purpose, long sizeBytes);

    /**
     * Opens a stream.
     *
     * @param name for messages and traces
     * @return the stream, for the caller to close
     */
    DeviceStream newStream(String name);

    /**
     * Returns a kernel with arguments of its own.
     *
     * @param module the source file that it is in, without ending: {@code linear}
     * @param name its name
     * @return the kernel, for the caller to close
     * @throws io.offloadstream.platform.DeviceException if there is none of that name
     */
    GpuKernel kernel(String module, String name);

    /**
     * Tells whether the module of kernels that only one vendor has was compiled for this device:
     * {@code linear_cuda} (tensor cores).
     *
     * @param module its name
     * @return true if {@link #kernel} finds its kernels
     */
    boolean hasModule(String module);

    /**
     * Returns how many groups of threads run at one time: what split counts that do not change
     * results may be chosen by.
     *
     * @return streaming multiprocessors, compute units
     */
    int processors();

    /**
     * Opens a way to read files without the memory of the host: GPUDirect Storage.
     *
     * @return the way, for the caller to close before this
     * @throws DeviceException if there is none; the message has the reason
     */
    default DeviceStorage openStorage() {
        throw new DeviceException(
                "GPUDirect Storage needs an NVIDIA card and backend=cuda, this is "
                        + info().driver()
                        + ":"
                        + info().ordinal());
    }

    /**
     * Opens the vendor's library of matrix products, the option {@code gemm=cublas}.
     *
     * @param budget what the library takes of the device is charged to
     * @return the library, for the caller to close
     * @throws io.offloadstream.platform.BudgetExceededException if the budget does not hold it
     * @throws io.offloadstream.platform.DeviceException if there is none for this device
     */
    default GpuGemm gemm(MemoryBudget budget) {
        throw new DeviceException(
                "gemm=cublas: " + info().name() + " by " + info().driver() + " has no cuBLAS");
    }

    /** Ends this use of the device; the last one closes the context. */
    @Override
    void close();
}
