/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import io.offloadstream.device.ProductPeak;
import io.offloadstream.ops.ComputeType;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.gpu.Gpu;
import io.offloadstream.platform.gpu.GpuGemm;
import io.offloadstream.platform.gpu.GpuKernel;
import java.util.function.IntConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Measures the peak of a device for a compute type: by loops of nothing but multiply-adds, and by
 * the vendor's library where there is one, which on some cards is the only way to all of the matrix
 * units. The fastest counts.
 */
final class PeakMeasure {

    private static final Logger LOG = LoggerFactory.getLogger(PeakMeasure.class);

    private static final String MODULE = "peak_cuda";

    /** A launch is long enough that handing it over does not show. */
    private static final long LAUNCH_NANOS = 20_000_000;

    private static final int LAUNCHES = 5;
    private static final int GROUPS_PER_PROCESSOR = 8;
    private static final int THREADS = 256;

    /** Multiply-adds of a thread in a round, as peak.cl has them. */
    private static final int THREAD_CHAINS = 16;

    /** Multiply-adds of a warp in a round, as peak_cuda.cl has them: 8 products of 16, 8 and 16. */
    private static final int WARP_PRODUCTS = 8 * 16 * 8 * 16;

    private static final int WARP = 32;

    /** Products of 16 bits that stand for one of float32: see prefill_cuda.cl. */
    private static final int TERMS = 3;

    private static final int LEAST_SIDE = 256;
    private static final int MOST_SIDE = 8192;
    private static final int MEMORY_SHARE = 4;

    private final Gpu gpu;
    private final DeviceStream stream;

    PeakMeasure(Gpu gpu, DeviceStream stream) {
        this.gpu = gpu;
        this.stream = stream;
    }

    /** Measures, in about a second. */
    ProductPeak measure(ComputeType computeType) {
        ProductPeak vector = new ProductPeak(vector(), "float32 multiply-adds");
        DType rounded = computeType.rounded();
        if (rounded != null) {
            return matrix(rounded, vector);
        }
        if (!gpu.hasModule(MODULE)) {
            return vector;
        }
        ProductPeak terms = matrix(DType.BF16, vector);
        return vector.orFaster(
                new ProductPeak(
                        terms.operationsPerSecond() / TERMS,
                        terms.units() + ", three terms for a float32"));
    }

    /** The fastest way to multiply 16 bits. A device without units for it widens them. */
    private ProductPeak matrix(DType type, ProductPeak vector) {
        String name = type == DType.F16 ? "float16" : "bfloat16";
        ProductPeak loop =
                gpu.hasModule(MODULE)
                        ? vector.orFaster(new ProductPeak(matrixLoop(type), name + " matrix units"))
                        : vector;
        try (MemoryBudget budget = MemoryBudget.unlimited("measurement");
                GpuGemm gemm = gpu.gemm(budget)) {
            return loop.orFaster(
                    new ProductPeak(library(gemm, budget, type), name + " matrix units by cuBLAS"));
        } catch (DeviceException e) {
            LOG.debug("the peak is measured without a library: {}", e.getMessage());
            return loop;
        }
    }

    private double vector() {
        return loop(
                "peak",
                "multiply_adds",
                2.0 * THREADS * THREAD_CHAINS,
                kernel -> kernel.float32(0.999f).float32(0.5f));
    }

    private double matrixLoop(DType type) {
        boolean isHalf = type == DType.F16;
        // pairs of 1/128: sums stay far from overflow
        int pair = isHalf ? 0x20002000 : 0x3c003c00;
        return loop(
                MODULE,
                isHalf ? "matrix_multiply_adds_f16" : "matrix_multiply_adds_bf16",
                2.0 * THREADS / WARP * WARP_PRODUCTS,
                kernel -> kernel.int32(pair).int32(pair));
    }

    /** Sets the arguments behind the number of rounds. */
    @FunctionalInterface
    private interface Operands {

        void set(GpuKernel kernel);
    }

    /** Operations per second of a kernel whose groups make so many in a round. */
    private double loop(String module, String name, double groupOperations, Operands operands) {
        int groups = gpu.processors() * GROUPS_PER_PROCESSOR;
        try (MemoryBudget budget = MemoryBudget.unlimited("measurement");
                DeviceBuffer y = gpu.allocate(budget, "measurement", 4L * groups * THREADS);
                GpuKernel kernel = gpu.kernel(module, name)) {
            return fastest(
                    groups * groupOperations,
                    rounds -> {
                        operands.set(kernel.buffer(y.address()).int32(rounds));
                        kernel.launch(stream, groups, 1, 1, THREADS);
                    });
        }
    }

    /** The best of some launches, each of as many rounds as take long enough. */
    private double fastest(double operationsPerRound, IntConsumer launch) {
        int rounds = 16;
        long nanos = nanos(launch, rounds);
        while (nanos < LAUNCH_NANOS && rounds < Integer.MAX_VALUE / 4) {
            rounds *= 2;
            nanos = nanos(launch, rounds);
        }
        for (int i = 0; i < LAUNCHES; i++) {
            nanos = Math.min(nanos, nanos(launch, rounds));
        }
        return operationsPerRound * rounds * 1e9 / nanos;
    }

    private long nanos(IntConsumer launch, int rounds) {
        stream.synchronize();
        long begin = System.nanoTime();
        launch.accept(rounds);
        stream.synchronize();
        return System.nanoTime() - begin;
    }

    /** Squares, larger ones while they are quick and there is room. */
    private double library(GpuGemm gemm, MemoryBudget budget, DType type) {
        double best = 0;
        long freeBytes = gpu.freeBytes() / MEMORY_SHARE;
        for (int side = LEAST_SIDE; side <= MOST_SIDE; side *= 2) {
            long count = (long) side * side;
            if (8 * count > freeBytes) {
                break;
            }
            try (DeviceBuffer x = gpu.allocate(budget, "measurement", 2 * count);
                    DeviceBuffer weight = gpu.allocate(budget, "measurement", 2 * count);
                    DeviceBuffer y = gpu.allocate(budget, "measurement", 4 * count)) {
                fill(x, type);
                fill(weight, type);
                int square = side;
                IntConsumer multiply =
                        times -> {
                            for (int i = 0; i < times; i++) {
                                gemm.multiply(
                                        stream,
                                        x.address(),
                                        weight.address(),
                                        type,
                                        square,
                                        square,
                                        square,
                                        y.address(),
                                        square);
                            }
                        };
                long once = Math.min(nanos(multiply, 1), nanos(multiply, 1));
                if (once > LAUNCH_NANOS) {
                    return Math.max(best, 2.0 * count * side * 1e9 / once);
                }
                best = Math.max(best, fastest(2.0 * count * side, multiply));
            }
        }
        return best;
    }

    /** Numbers of all sizes near 1: what is all zeros computes in less power, and faster. */
    private void fill(DeviceBuffer target, DType type) {
        int one = type == DType.F16 ? 0x3c00 : 0x3f80;
        int mantissa = type == DType.F16 ? 0x3ff : 0x7f;
        int bytes = 2 * LEAST_SIDE * LEAST_SIDE;
        try (MemoryBudget budget = MemoryBudget.unlimited("measurement");
                HostMemory source = gpu.allocateHost(budget, "measurement", bytes)) {
            for (int i = 0; i < bytes / 2; i++) {
                int bits = i * 0x9e37;
                source.buffer(2L * i, 2).putShort(0, (short) (one | ((bits >> 3) & mantissa)));
            }
            for (long at = 0; at < target.sizeBytes(); at += bytes) {
                stream.upload(source.address(), target.address() + at, bytes);
            }
            stream.synchronize();
        }
    }
}
