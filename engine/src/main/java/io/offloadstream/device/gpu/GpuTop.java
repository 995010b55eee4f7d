/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.gpu.GpuKernel;

/**
 * Finds the largest values of rows: those of parts of a row, then those of parts of what was found,
 * until one part holds all. Two halves of scratch memory take turns.
 */
final class GpuTop {

    /** Values that one group of threads sorts, {@code PART} in {@code top.cl}. */
    private static final int PART = 2048;

    /** Most values that are found of a row: so that each round leaves an eighth at most. */
    static final int MOST = 256;

    private final KernelSet kernels;
    private final DeviceStream stream;

    GpuTop(KernelSet kernels, DeviceStream stream) {
        this.kernels = kernels;
        this.stream = stream;
    }

    private static int parts(int width) {
        return (width + PART - 1) / PART;
    }

    /** The first round's values and places, then the second's, which are fewer. */
    static long scratchBytes(int rows, int width, int count) {
        int parts = parts(width);
        return parts == 1
                ? 8L * rows * count
                : 8L * rows * count * (parts + parts(Math.multiplyExact(parts, count)));
    }

    void find(Tensor x, int columnBegin, Tensor values, Tensor places, Tensor scratch) {
        int count = values.columns();
        if (count > MOST) {
            throw new IllegalArgumentException(
                    "top: "
                            + count
                            + " values of each row are wanted, at most "
                            + MOST
                            + " can be");
        }
        int rows = x.rows();
        int width = x.columns();
        long source = x.address();
        long sourcePlaces = 0;
        long target = scratch.address();
        long other = target + 8L * rows * count * parts(width);
        while (true) {
            int parts = parts(width);
            long targetPlaces = target + 4L * rows * count * parts;
            GpuKernel kernel = kernels.get("top", "top_of_parts");
            kernel.buffer(source)
                    .buffer(sourcePlaces)
                    .buffer(target)
                    .buffer(targetPlaces)
                    .int32(width)
                    .int32(count)
                    .int32(columnBegin)
                    .launch(stream, parts, rows, 1, KernelSet.THREADS);
            if (parts == 1) {
                long rowBytes = 4L * count;
                stream.download(target, values.address(), rowBytes, rowBytes, rows);
                stream.download(targetPlaces, places.address(), rowBytes, rowBytes, rows);
                return;
            }
            source = target;
            sourcePlaces = targetPlaces;
            width = parts * count;
            target = other;
            other = source;
        }
    }
}
