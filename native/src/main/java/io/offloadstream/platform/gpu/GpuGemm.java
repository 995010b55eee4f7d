/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.gpu;

import io.offloadstream.platform.DType;
import io.offloadstream.platform.DeviceStream;

/**
 * Products of matrices by the vendor's library: fast, but in an order of summation that changes
 * with the number of rows. Used by one thread at a time.
 */
public interface GpuGemm extends AutoCloseable {

    /**
     * Enqueues {@code y = x * transpose(weight)}, summed in float32, never through TF32.
     *
     * @param stream of the same device
     * @param x (rows, in) of type {@code type}, rows one behind another
     * @param weight (out, in) of type {@code type}, rows one behind another
     * @param type F32, F16 or BF16
     * @param rows how many, at least 1
     * @param in inner dimension
     * @param out rows of the weight
     * @param y (rows, out) of float32
     * @param yStride from one row of y to the next, in elements
     * @throws io.offloadstream.platform.DeviceException if the library refuses
     */
    void multiply(
            DeviceStream stream,
            long x,
            long weight,
            DType type,
            int rows,
            int in,
            int out,
            long y,
            long yStride);

    /**
     * Enqueues the same for x of float32 and a weight of 16 bits, which is widened piece by piece:
     * the library wants both in one type.
     *
     * @param stream of the same device
     * @param x (rows, in) of float32, rows one behind another
     * @param weight (out, in) of type {@code type}, rows one behind another
     * @param type F16 or BF16
     * @param rows how many, at least 1
     * @param in inner dimension
     * @param out rows of the weight
     * @param y (rows, out) of float32
     * @param yStride from one row of y to the next, in elements
     * @param scratch memory of the device for widened rows of the weight, a multiple of 256
     * @param scratchBytes its size, at least {@code 4 * in}
     * @throws io.offloadstream.platform.DeviceException if the library refuses
     */
    void multiplyWidened(
            DeviceStream stream,
            long x,
            long weight,
            DType type,
            int rows,
            int in,
            int out,
            long y,
            long yStride,
            long scratch,
            long scratchBytes);

    /**
     * Enqueues the same for x of float32 and a weight of 16 bits, to whose type x is rounded, some
     * rows at a time.
     *
     * @param stream of the same device
     * @param x (rows, in) of float32, rows one behind another
     * @param weight (out, in) of type {@code type}, rows one behind another
     * @param type F16 or BF16
     * @param rows how many, at least 1
     * @param in inner dimension
     * @param out rows of the weight
     * @param y (rows, out) of float32
     * @param yStride from one row of y to the next, in elements
     * @param scratch memory of the device for rounded rows of x, a multiple of 256
     * @param scratchBytes its size, at least {@code 2 * in}
     * @throws io.offloadstream.platform.DeviceException if the library refuses
     */
    void multiplyNarrowed(
            DeviceStream stream,
            long x,
            long weight,
            DType type,
            int rows,
            int in,
            int out,
            long y,
            long yStride,
            long scratch,
            long scratchBytes);

    /** Frees the library's memory. */
    @Override
    void close();
}
