/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import io.offloadstream.platform.DiskProbe;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.KernelProvider;
import io.offloadstream.platform.MachineProbe;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.Owned;
import io.offloadstream.platform.Storage;
import java.nio.file.Path;
import java.util.List;
import java.util.function.DoubleSupplier;

/**
 * What this machine can do at this moment, by a program that does nothing else. One measurement is
 * short, since it alternates with rounds of a case. It is not the best of some: what slows the
 * machine down slows the rounds beside it too.
 */
final class BenchLimit implements AutoCloseable {

    /** What each thread reads of memory at most: far more than caches hold. */
    private static final int BYTES_PER_THREAD = 1 << 30;

    /** Of small weights, which caches hold in part anyway, so much is enough. */
    private static final int WEIGHTS_TIMES = 2;

    /** Of what is left of the budget; the rest is for outputs, keys and values that come yet. */
    private static final int BUDGET_SHARE = 2;

    /** Of multiply-adds, 50 to 100 ms each. */
    private static final int FMA_RUNS = 2;

    /** Of direct reads; less where all of the files are read in less, at a byte per nanosecond. */
    private static final long DISK_NANOS = 1_000_000_000;

    private final long sizeBytes;
    private final DoubleSupplier probe;
    private final Owned owned;

    private BenchLimit(long sizeBytes, DoubleSupplier probe, AutoCloseable... resources) {
        this.sizeBytes = sizeBytes;
        this.probe = probe;
        this.owned = new Owned();
        List.of(resources).forEach(owned::own);
    }

    /**
     * Reads of memory by all threads, of {@link #bytesPerThread} each: less if half of what is left
     * of the budget is less.
     *
     * @param budget of the model whose decoding is bounded; its weights are in it
     * @param threads as many as compute
     * @param weightBytes of the model
     */
    static BenchLimit memory(MemoryBudget budget, int threads, long weightBytes) {
        long left = budget.availableBytes() / BUDGET_SHARE / threads;
        long cut = Math.min(left, bytesPerThread(threads, weightBytes));
        int bytes = (int) Math.max(HostMemory.MAPPED_BYTES, cut);
        MachineProbe probe = new MachineProbe(KernelProvider.kernels(), threads, bytes, budget);
        return new BenchLimit((long) bytes * threads, () -> probe.readBytesPerSecond(1), probe);
    }

    /** What a thread reads of memory: a gigabyte, or its part of twice the weights. */
    static int bytesPerThread(int threads, long weightBytes) {
        return (int) Math.min(BYTES_PER_THREAD, WEIGHTS_TIMES * weightBytes / threads);
    }

    /**
     * Float32 multiply-adds in registers by all threads, two operations each.
     *
     * @param threads as many as compute
     */
    static BenchLimit arithmetic(int threads) {
        MemoryBudget budget = MemoryBudget.unlimited("benchmark");
        int bytes = HostMemory.MAPPED_BYTES;
        MachineProbe probe = new MachineProbe(KernelProvider.kernels(), threads, bytes, budget);
        return new BenchLimit(
                (long) bytes * threads,
                () -> {
                    double secondsPerOperation = 0;
                    for (int run = 0; run < FMA_RUNS; run++) {
                        secondsPerOperation += 1 / probe.flopsPerSecond(1);
                    }
                    return FMA_RUNS / secondsPerOperation;
                },
                budget,
                probe);
    }

    /**
     * Direct reads, for a second.
     *
     * @param files that the case reads
     * @param setting what was fastest on them
     */
    static BenchLimit disk(List<Path> files, DiskSetting setting) {
        long nanos = Math.min(DISK_NANOS, DiskSetting.sizeBytes(files));
        MemoryBudget budget = MemoryBudget.unlimited("benchmark");
        DiskProbe probe = new DiskProbe(files, Storage.local(), setting.sizeBytes(), budget);
        return new BenchLimit(
                setting.sizeBytes(),
                () -> probe.bytesPerSecond(setting.requestBytes(), setting.inFlight(), nanos),
                budget,
                probe);
    }

    /**
     * Measures.
     *
     * @return bytes or operations per second
     */
    double measure() {
        return probe.getAsDouble();
    }

    /** The memory that it takes of this process, beside the case. */
    long sizeBytes() {
        return sizeBytes;
    }

    @Override
    public void close() {
        owned.close();
    }
}
