/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Measures the limits that no kernel passes: reads of memory and multiply-adds of all threads
 * together. Each is the best of some runs, for whatever disturbs a run makes it slower.
 *
 * <p>A run is split into parts that threads take one after another, their own first, as those of
 * kernels are: where another program holds a processor up, the rest do its parts.
 */
public final class MachineProbe implements AutoCloseable {

    /** What is random before it repeats: far more than any cache that memory could be kept in. */
    private static final int RANDOM_BYTES = 64 << 20;

    private static final long SEED = 20261121;

    /** What a run of multiply-adds takes at least; at most about twice that. */
    private static final long FMA_NANOS = 50_000_000;

    /** Into how many parts the multiply-adds of a thread are split: of some milliseconds. */
    static final int FMA_PARTS = 16;

    private static final long FIRST_FMA_ROUNDS = 1000 * FMA_PARTS;

    /** A part of reads: some 0.2 milliseconds, a thousand times what taking one costs. */
    private static final int READ_PART_BYTES = 4 << 20;

    private final Kernels kernels;
    private final HostMemory[] memories;
    private final int bytesPerThread;
    private long fmaRounds;

    /**
     * Takes memory to read, and fills it with random values.
     *
     * @param kernels whose probes run
     * @param threads how many run together, at least 1
     * @param bytesPerThread what each of them reads in a run; much more than the last cache holds,
     *     at least 64 KiB
     * @param budget is charged threads times bytesPerThread
     * @throws BudgetExceededException if the budget does not hold it
     */
    public MachineProbe(Kernels kernels, int threads, int bytesPerThread, MemoryBudget budget) {
        if (threads < 1 || bytesPerThread < HostMemory.MAPPED_BYTES) {
            throw new IllegalArgumentException(
                    threads
                            + " threads reading "
                            + bytesPerThread
                            + " bytes each; needed: 1 or more, "
                            + HostMemory.MAPPED_BYTES
                            + " or more");
        }
        this.kernels = kernels;
        this.bytesPerThread = bytesPerThread;
        memories = new HostMemory[threads];
        boolean complete = false;
        try {
            for (int i = 0; i < threads; i++) {
                memories[i] = HostMemory.allocate(budget, "memory probe", bytesPerThread);
            }
            ProbeThreads.run(
                    threads, thread -> fill(memories[thread].buffer(0, bytesPerThread), thread));
            complete = true;
        } finally {
            if (!complete) {
                close();
            }
        }
    }

    /** Random once, then copies of that: pages that were never written would all be one page. */
    private static void fill(ByteBuffer target, int thread) {
        SplittableRandom random = new SplittableRandom(SEED + thread);
        int first = Math.min(target.capacity(), RANDOM_BYTES);
        for (int i = 0; i + Float.BYTES <= first; i += Float.BYTES) {
            target.putFloat(i, random.nextInt(1 << 20));
        }
        for (int at = first; at < target.capacity(); at += first) {
            int length = Math.min(first, target.capacity() - at);
            target.put(at, target, 0, length);
        }
    }

    /**
     * Reads all memory with all threads, some times.
     *
     * @param runs how often, at least 1
     * @return bytes per second of the best run
     */
    public double readBytesPerSecond(int runs) {
        double best = 0;
        for (int run = 0; run < runs; run++) {
            double seconds = run(parts(bytesPerThread, READ_PART_BYTES), this::readPart);
            best = Math.max(best, (double) memories.length * bytesPerThread / seconds);
        }
        return best;
    }

    /**
     * Multiplies and adds with all threads, some times; a run takes 50 to 100 ms. The first call
     * finds out how many rounds that are.
     *
     * @param runs how often, at least 1
     * @return floating-point operations per second of the best run, two for each multiply-add
     */
    public double flopsPerSecond(int runs) {
        if (fmaRounds == 0) {
            long rounds = FIRST_FMA_ROUNDS;
            while (multiply(rounds) * 1e9 < FMA_NANOS) {
                rounds *= 2;
            }
            fmaRounds = rounds;
        }
        long operations = kernels.probeFma(1, memories[0].address());
        double best = 0;
        for (int run = 0; run < runs; run++) {
            best = Math.max(best, memories.length * operations * (fmaRounds / multiply(fmaRounds)));
        }
        return best;
    }

    private void readPart(int thread, int memory, int part) {
        long begin = (long) part * READ_PART_BYTES;
        long bytes = Math.min(READ_PART_BYTES, bytesPerThread - begin);
        kernels.probeRead(memories[memory].address() + begin, bytes);
    }

    private double multiply(long rounds) {
        long part = rounds / FMA_PARTS;
        return run(
                FMA_PARTS,
                (thread, memory, number) -> kernels.probeFma(part, memories[thread].address()));
    }

    private static int parts(int whole, int part) {
        return (whole - 1) / part + 1;
    }

    /** What is done for a part of the work that was meant for one thread. */
    @FunctionalInterface
    private interface Part {

        /** Runs it: on which thread, meant for which thread, which part of its work. */
        void run(int thread, int owner, int part);
    }

    /** Runs the parts of every thread's work, and returns the seconds that they took together. */
    private double run(int parts, Part work) {
        int threads = memories.length;
        AtomicInteger[] taken = new AtomicInteger[threads];
        Arrays.setAll(taken, i -> new AtomicInteger());
        return ProbeThreads.run(
                threads,
                thread -> {
                    for (int i = 0; i < threads; i++) {
                        int owner = (thread + i) % threads;
                        int part = taken[owner].getAndIncrement();
                        while (part < parts) {
                            work.run(thread, owner, part);
                            part = taken[owner].getAndIncrement();
                        }
                    }
                });
    }

    /** Frees the memory. */
    @Override
    public void close() {
        Owned.closeAll(memories);
    }
}
