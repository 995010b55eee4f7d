/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import java.nio.FloatBuffer;

/**
 * The probes of {@link Kernels} in plain Java: what this language reaches here, not the machine.
 */
final class ReferenceProbe {

    /** Values that one step reads: enough chains to hide the latency of an addition. */
    private static final int CHAINS = 8;

    /** Floats that stay in the first cache. */
    private static final int FMA_LANES = 256;

    /** What one view of memory covers at most. */
    private static final int VIEW_BYTES = 1 << 20;

    private ReferenceProbe() {}

    static float read(long from, long bytes) {
        float sum = 0;
        for (long at = 0; at < bytes; at += VIEW_BYTES) {
            int length = (int) Math.min(bytes - at, VIEW_BYTES);
            sum += sum(HostMemory.view(from + at, length).asFloatBuffer());
        }
        return sum;
    }

    private static float sum(FloatBuffer values) {
        float[] sums = new float[CHAINS];
        for (int i = 0; i + CHAINS <= values.limit(); i += CHAINS) {
            for (int c = 0; c < CHAINS; c++) {
                sums[c] += values.get(i + c);
            }
        }
        float sum = 0;
        for (float one : sums) {
            sum += one;
        }
        return sum;
    }

    static long fma(long rounds, long result) {
        float[] sums = new float[FMA_LANES];
        for (long round = 0; round < rounds; round++) {
            for (int i = 0; i < FMA_LANES; i++) {
                sums[i] = Math.fma(sums[i], 0.999f, 0.001f * i);
            }
        }
        float[] total = new float[1];
        for (float one : sums) {
            total[0] += one;
        }
        FloatRows.store(total, result, 1);
        return rounds * FMA_LANES * 2;
    }
}
