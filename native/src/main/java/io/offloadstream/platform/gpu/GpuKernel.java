/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.gpu;

import io.offloadstream.platform.DeviceStream;

/**
 * A kernel and its arguments, set in the order of the source's parameters, then launched; each
 * launch begins anew. Kernels are written with {@code BUFFER(type, name)} parameters, which take an
 * address of the device: a pointer in CUDA, a memory object and an offset in OpenCL. Allocates
 * nothing.
 */
public interface GpuKernel extends AutoCloseable {

    /**
     * Sets the next parameter, a {@code BUFFER}.
     *
     * @param address of the device, within a buffer of this device; 0 for none
     * @return this
     */
    GpuKernel buffer(long address);

    /**
     * Sets the next parameter, an {@code int}.
     *
     * @param value its value
     * @return this
     */
    GpuKernel int32(int value);

    /**
     * Sets the next parameter, a 64-bit {@code INT64}.
     *
     * @param value its value
     * @return this
     */
    GpuKernel int64(long value);

    /**
     * Sets the next parameter, a {@code float}.
     *
     * @param value its value
     * @return this
     */
    GpuKernel float32(float value);

    /**
     * Enqueues the kernel with the arguments set.
     *
     * @param stream of the same device
     * @param groupsX groups of threads in x, at least 1
     * @param groupsY in y
     * @param groupsZ in z
     * @param threads threads in a group, all in x; what the source says in {@code KERNEL(threads)}
     * @throws IllegalStateException if not as many arguments were set as the kernel has
     * @throws io.offloadstream.platform.DeviceException if the launch is refused
     */
    void launch(DeviceStream stream, int groupsX, int groupsY, int groupsZ, int threads);

    /** Frees it. */
    @Override
    void close();
}
