/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.PackedBf16;

/**
 * Brings scattered rows from host memory to the device as they are stored, and converts them there.
 *
 * <p>Stored rows of half the size or less wait in the last part of where their results go, so that
 * no other memory is needed. Results must not be written over rows that still wait: each launch
 * takes half of those that are left, whose results end before the first of these; the last row lies
 * in its own second half, which the kernels allow for.
 */
final class RowGathering {

    private final KernelSet kernels;
    private final DeviceStream stream;
    private final RowStaging staging;

    RowGathering(KernelSet kernels, DeviceStream stream, RowStaging staging) {
        this.kernels = kernels;
        this.stream = stream;
        this.staging = staging;
    }

    void gather(long[] addresses, DType rowType, Tensor target) {
        int rowBytes = Math.toIntExact(rowType.bytes(target.columns()));
        gather(
                (row, staged) -> staged.put(HostMemory.view(addresses[row], rowBytes)),
                addresses.length,
                rowType,
                target);
    }

    /** Rows of a packed table become BF16 on the way: the host has their escapes. */
    void gatherPacked(long[] addresses, int[] numbers, long escapes, Tensor target) {
        int width = target.columns();
        short[] bits = new short[width];
        gather(
                (row, staged) -> {
                    PackedBf16.load(addresses[row], escapes, numbers[row], bits, width);
                    staged.asShortBuffer().put(bits);
                },
                addresses.length,
                DType.BF16,
                target);
    }

    private void gather(RowStaging.Fill fill, int rows, DType rowType, Tensor target) {
        int width = target.columns();
        long rowBytes = rowType.bytes(width);
        int most = staging.rows(rowBytes);
        if (most == 0) {
            throw new IllegalStateException(
                    "gather: rows of "
                            + rowBytes
                            + " bytes are longer than the workspace was made for");
        }
        for (int begin = 0; begin < rows; begin += most) {
            int count = Math.min(most, rows - begin);
            long results = target.address() + 4L * begin * width;
            long stored = results + count * (4L * width - rowBytes);
            staging.upload(fill, begin, count, rowBytes, stored);
            if (rowType != DType.F32) {
                expand(stored, results, count, width, rowType);
            }
        }
    }

    private void expand(long stored, long results, int rows, int width, DType type) {
        int done = 0;
        String kernel = type.blockElements() > 1 ? "expand_blocks" : "expand_rows";
        long rowBytes = type.bytes(width);
        while (done < rows) {
            int count = Math.max(1, (rows - done) / 2);
            kernels.get("rows", kernel)
                    .buffer(stored + done * rowBytes)
                    .buffer(results + 4L * done * width)
                    .int32(width)
                    .int32(type.code())
                    .launch(stream, count, 1, 1, KernelSet.THREADS);
            done += count;
        }
    }
}
