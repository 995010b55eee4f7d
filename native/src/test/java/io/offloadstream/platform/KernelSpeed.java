/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import java.util.Locale;

/**
 * Measures the kernels by hand: {@code java -cp ... io.offloadstream.platform.KernelSpeed
 * [threads]}. Prints decode and prefill rates beside the limits that {@link MachineProbe} finds.
 */
public final class KernelSpeed {

    private static final int IN = 2048;
    private static final int OUT = 8192;
    private static final int MATRICES = 10;
    private static final long MATRIX_BYTES = 2L * IN * OUT;
    private static final int PREFILL_ROWS = 128;

    private KernelSpeed() {}

    /**
     * Runs the measurements.
     *
     * @param arguments number of threads, 2 if absent
     */
    public static void main(String[] arguments) {
        int threads = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 2;
        MemoryBudget budget = MemoryBudget.unlimited("probe");
        try (KernelData data = new KernelData(1);
                WorkerPool pool = new WorkerPool(threads)) {
            long weights = data.zeros(MATRICES * MATRIX_BYTES, 2);
            long matrix = data.floats(IN * OUT, DType.BF16, 0);
            byte[] bytes = KernelData.readBytes(matrix, (int) MATRIX_BYTES);
            for (int m = 0; m < MATRICES; m++) {
                HostMemory.view(weights + m * MATRIX_BYTES, (int) MATRIX_BYTES).put(bytes);
            }
            long x = data.floats(PREFILL_ROWS * IN);
            long y = data.zeros(4L * PREFILL_ROWS * OUT, 0);
            for (Object[] name : KernelData.everyInstructionSet()) {
                Kernels kernels = KernelData.kernels((String) name[0]);
                int share = (int) (MATRICES * MATRIX_BYTES / threads);
                try (MachineProbe probe = new MachineProbe(kernels, threads, share, budget)) {
                    for (int round = 0; round < 3; round++) {
                        print(probe, pool, kernels, x, weights, y);
                    }
                }
            }
        }
    }

    private static void print(
            MachineProbe probe, WorkerPool pool, Kernels kernels, long x, long weights, long y) {
        double read = probe.readBytesPerSecond(1);
        double flops = probe.flopsPerSecond(1);
        double decode = MATRICES * MATRIX_BYTES / linear(pool, kernels, x, 1, weights, y);
        double prefill =
                2.0
                        * MATRICES
                        * IN
                        * OUT
                        * PREFILL_ROWS
                        / linear(pool, kernels, x, PREFILL_ROWS, weights, y);
        System.out.printf(
                Locale.ROOT,
                "%s, %d threads: read %.1f GB/s, decode %.1f GB/s (%.2f of it); multiply-adds %.0f"
                        + " GFLOP/s, prefill of %d rows %.0f GFLOP/s (%.2f of it)%n",
                kernels.name(),
                pool.threads(),
                read / 1e9,
                decode / 1e9,
                decode / read,
                flops / 1e9,
                PREFILL_ROWS,
                prefill / 1e9,
                prefill / flops);
    }

    /** Seconds for all matrices. */
    private static double linear(
            WorkerPool pool, Kernels kernels, long x, int rows, long weights, long y) {
        long start = System.nanoTime();
        for (int m = 0; m < MATRICES; m++) {
            long weight = weights + m * MATRIX_BYTES;
            pool.run(
                    OUT,
                    64,
                    (begin, end) ->
                            kernels.linear(
                                    x,
                                    rows,
                                    IN,
                                    weight,
                                    DType.BF16.code(),
                                    0,
                                    0,
                                    y,
                                    OUT,
                                    (int) begin,
                                    (int) end));
        }
        return (System.nanoTime() - start) / 1e9;
    }
}
