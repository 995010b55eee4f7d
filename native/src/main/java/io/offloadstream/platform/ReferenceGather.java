/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import java.nio.ByteBuffer;

/** Scattered rows in Java: the specification of {@link Kernels#gather} and its packed form. */
final class ReferenceGather {

    private ReferenceGather() {}

    static void gather(long addresses, int rows, int width, int type, long y) {
        float[] row = new float[width];
        ByteBuffer starts = HostMemory.view(addresses, Math.multiplyExact(8, rows));
        for (int r = 0; r < rows; r++) {
            FloatRows.load(starts.getLong(8 * r), type, row, width);
            FloatRows.store(row, y + 4L * r * width, width);
        }
    }

    static void gatherPacked(
            long addresses, long numbers, long escapes, int rows, int width, long y) {
        float[] row = new float[width];
        ByteBuffer starts = HostMemory.view(addresses, Math.multiplyExact(8, rows));
        ByteBuffer places = HostMemory.view(numbers, Math.multiplyExact(8, rows));
        for (int r = 0; r < rows; r++) {
            int number = Math.toIntExact(places.getLong(8 * r));
            ReferenceProduct.packed(starts.getLong(8 * r), escapes, number, width).load(0, row);
            FloatRows.store(row, y + 4L * r * width, width);
        }
    }
}
