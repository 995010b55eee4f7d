/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.gpu.Gpu;
import io.offloadstream.platform.gpu.GpuKernel;
import java.util.HashMap;
import java.util.Map;

/** The kernels of products, found once each, and what their arguments have in common. */
final class ProductKernels implements AutoCloseable {

    /** What vector loads want of an address. */
    private static final int VECTOR_BYTES = 16;

    private static final int VECTOR_FLOATS = VECTOR_BYTES / Float.BYTES;

    private final Gpu gpu;
    private final Map<String, GpuKernel> kernels = new HashMap<>();

    ProductKernels(Gpu gpu) {
        this.gpu = gpu;
    }

    /**
     * Finds a kernel. Not for each launch: callers keep it.
     *
     * @param module its file
     * @param name its name in it
     * @return the kernel, closed with this
     */
    GpuKernel find(String module, String name) {
        return kernels.computeIfAbsent(module + '/' + name, key -> gpu.kernel(module, name));
    }

    /** Sets an optional tensor of any type: a BUFFER and the code of its type. */
    static GpuKernel optional(GpuKernel kernel, Tensor tensor) {
        return tensor == null
                ? kernel.buffer(0).int32(DType.F32.code())
                : kernel.buffer(tensor.address()).int32(tensor.type().code());
    }

    /**
     * Tells whether rows of 16-byte vectors can be loaded as such.
     *
     * @param address of the first row
     * @param type of the elements, one without blocks
     * @param columns of a row
     */
    static boolean isAligned(long address, DType type, int columns) {
        return address % VECTOR_BYTES == 0 && type.bytes(columns) % VECTOR_BYTES == 0;
    }

    /** Tells whether rows of activations of this length can be loaded by vectors of 4. */
    static boolean isAligned(long address, int columns) {
        return address % VECTOR_BYTES == 0 && columns % VECTOR_FLOATS == 0;
    }

    /**
     * Tells whether a type's rows are made of blocks, which products take at any even address;
     * losslessly packed ones at a multiple of 4, and their escapes too.
     */
    static boolean hasBlocks(DType type) {
        return type.blockElements() > 1;
    }

    /** How many parts of a size hold them all. */
    static int groups(int count, int each) {
        return Math.floorDiv(count - 1, each) + 1;
    }

    @Override
    public void close() {
        kernels.values().forEach(GpuKernel::close);
        kernels.clear();
    }
}
