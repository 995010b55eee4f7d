/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import io.offloadstream.platform.gpu.Gpu;
import io.offloadstream.platform.gpu.GpuKernel;
import java.util.HashMap;
import java.util.Map;

/** Kernels with arguments of their own, opened when first used. For one thread at a time. */
final class KernelSet implements AutoCloseable {

    /** Threads in a group of most kernels. */
    static final int THREADS = 256;

    /** Groups beyond which a kernel over elements takes several rounds instead. */
    private static final int MOST_GROUPS = 1 << 16;

    private final Gpu gpu;
    private final Map<String, GpuKernel> kernels = new HashMap<>();

    KernelSet(Gpu gpu) {
        this.gpu = gpu;
    }

    /**
     * Returns a kernel, its arguments to be set.
     *
     * @param module the source file
     * @param name unique over all modules
     * @return the kernel, owned by this
     */
    GpuKernel get(String module, String name) {
        GpuKernel kernel = kernels.get(name);
        if (kernel == null) {
            kernel = gpu.kernel(module, name);
            kernels.put(name, kernel);
        }
        return kernel;
    }

    /** Returns how many groups a kernel with a thread for each element is launched with. */
    static int groups(long elements) {
        return (int) Math.max(1, Math.min(MOST_GROUPS, (elements + THREADS - 1) / THREADS));
    }

    @Override
    public void close() {
        kernels.values().forEach(GpuKernel::close);
        kernels.clear();
    }
}
