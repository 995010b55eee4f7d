/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Measures the kernels of plain weights by hand, on one core: {@code java -cp ...
 * io.offloadstream.platform.KernelSpeed [instruction set]}, all sets if none is named. For each
 * type and some numbers of rows it prints the rate of a product, and which share that is of what
 * bounds it, measured in turn: reads of the same weights or multiply-adds, whichever takes longer.
 *
 * <p>All of it is in the CPU time of the thread, so that programs that take the core away for a
 * while do not count. Those that take memory bandwidth do, in both.
 */
public final class KernelSpeed {

    private static final int IN = 2048;
    private static final int OUT = 8192;

    /** Of all matrices of a type together: far more than caches hold. */
    private static final long WEIGHT_BYTES = 20L * IN * OUT;

    private static final List<DType> TYPES = List.of(DType.F32, DType.F16, DType.BF16);
    private static final int[] ROWS = {1, 2, 4, 8, 128};

    private static final int ROUNDS = 9;

    /** Of weights in a file that is mapped. */
    private static final int SAFETENSORS_ALIGNMENT = 8;

    private static final long LEAST_FMA_NANOS = 20_000_000;
    private static final ThreadMXBean CLOCK = ManagementFactory.getThreadMXBean();

    private final Kernels kernels;
    private final HostMemory fma;
    private long fmaRounds = 1000;

    private KernelSpeed(Kernels kernels, HostMemory fma) {
        this.kernels = kernels;
        this.fma = fma;
        while (multiply() < LEAST_FMA_NANOS) {
            fmaRounds *= 2;
        }
    }

    /**
     * Runs the measurements.
     *
     * @param arguments an instruction set, all if absent
     */
    public static void main(String[] arguments) {
        try (MemoryBudget budget = MemoryBudget.unlimited("probe");
                HostMemory fma =
                        HostMemory.allocate(budget, "multiply-adds", HostMemory.MAPPED_BYTES)) {
            for (Object[] name : KernelData.everyInstructionSet()) {
                if (arguments.length == 0 || arguments[0].equals(name[0])) {
                    Kernels kernels = KernelData.kernels((String) name[0]);
                    new KernelSpeed(kernels, fma).measure();
                }
            }
        }
    }

    private void measure() {
        for (DType type : TYPES) {
            long matrixBytes = type.bytes((long) IN * OUT);
            try (KernelData data = new KernelData(1)) {
                long weights = data.zeros(WEIGHT_BYTES, SAFETENSORS_ALIGNMENT);
                long matrix = data.floats(IN * OUT, type, 0);
                byte[] bytes = KernelData.readBytes(matrix, (int) matrixBytes);
                for (long at = 0; at < WEIGHT_BYTES; at += matrixBytes) {
                    HostMemory.view(weights + at, (int) matrixBytes).put(bytes);
                }
                int mostRows = ROWS[ROWS.length - 1];
                long x = data.floats(mostRows * IN);
                long y = data.zeros(4L * mostRows * OUT, 0);
                for (int rows : ROWS) {
                    measure(type, rows, x, weights, y);
                }
            }
        }
    }

    private void measure(DType type, int rows, long x, long weights, long y) {
        double operations = 2.0 * WEIGHT_BYTES / type.bytes(1) * rows;
        double[] product = new double[ROUNDS];
        double[] read = new double[ROUNDS];
        double[] multiply = new double[ROUNDS];
        double[] shares = new double[ROUNDS];
        multiply(type, rows, x, weights, y);
        for (int round = 0; round < ROUNDS; round++) {
            read[round] = read(weights);
            product[round] = multiply(type, rows, x, weights, y);
            double flops = kernels.probeFma(1, fma.address()) * fmaRounds;
            multiply[round] = multiply() * operations / flops;
            shares[round] = Math.max(read[round], multiply[round]) / product[round];
        }
        double nanos = median(product);
        System.out.printf(
                Locale.ROOT,
                "%s, %s, %d rows: %.1f GB/s, %.1f GFLOP/s, %.2f of %s (reads %.1f GB/s,"
                        + " multiply-adds %.1f GFLOP/s)%n",
                kernels.name(),
                type,
                rows,
                WEIGHT_BYTES / nanos,
                operations / nanos,
                median(shares),
                median(read) > median(multiply) ? "reads" : "multiply-adds",
                WEIGHT_BYTES / median(read),
                operations / median(multiply));
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    /** Nanoseconds for reading all weights. */
    private double read(long weights) {
        long begin = CLOCK.getCurrentThreadCpuTime();
        kernels.probeRead(weights, WEIGHT_BYTES);
        return CLOCK.getCurrentThreadCpuTime() - begin;
    }

    /** Nanoseconds for multiply-adds in registers. */
    private double multiply() {
        long begin = CLOCK.getCurrentThreadCpuTime();
        kernels.probeFma(fmaRounds, fma.address());
        return CLOCK.getCurrentThreadCpuTime() - begin;
    }

    /** Nanoseconds for products with all matrices. */
    private double multiply(DType type, int rows, long x, long weights, long y) {
        long matrixBytes = type.bytes((long) IN * OUT);
        long begin = CLOCK.getCurrentThreadCpuTime();
        for (long matrix = weights; matrix < weights + WEIGHT_BYTES; matrix += matrixBytes) {
            kernels.linear(x, rows, IN, matrix, type.code(), 0, 0, y, OUT, 0, OUT);
        }
        return CLOCK.getCurrentThreadCpuTime() - begin;
    }
}
