/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertThrows;
import static org.testng.Assert.assertTrue;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** The probes read all they say they read, and give back all memory. */
public class MachineProbeTest {

    private static final int VALUES = 3 * 1024;

    /** Lists every implementation. */
    @DataProvider
    public Object[][] kernels() {
        return KernelData.everyInstructionSet();
    }

    @Test(dataProvider = "kernels")
    public void readingAddsUpEveryValue(String name) {
        Kernels kernels = KernelData.kernels(name);
        try (KernelData data = new KernelData(7)) {
            long values = data.zeros(4L * VALUES, 0);
            float[] ones = new float[VALUES];
            for (int i = 0; i < VALUES; i++) {
                ones[i] = i % 5;
            }
            FloatRows.store(ones, values, VALUES);
            float expected = 0; // small integers: exact in any order
            for (float one : ones) {
                expected += one;
            }
            assertEquals(kernels.probeRead(values, 4L * VALUES), expected, name);
        }
    }

    @Test(dataProvider = "kernels")
    public void multiplyingDependsOnEveryRound(String name) {
        Kernels kernels = KernelData.kernels(name);
        try (KernelData data = new KernelData(7)) {
            long result = data.zeros(4, 0);
            long one = kernels.probeFma(1, result);
            float after = HostMemory.view(result, 4).getFloat(0);
            assertEquals(kernels.probeFma(3, result), 3 * one, name);
            assertTrue(HostMemory.view(result, 4).getFloat(0) != after, name);
        }
    }

    /** As many chains as the tiles of products have, or a product could pass the limit. */
    @Test(dataProvider = "kernels")
    public void multiplyingHasEnoughChains(String name) {
        Map<String, Integer> floats =
                Map.of(
                        "generic", 12 * 4,
                        "avx2", 12 * 8,
                        "avx512", 24 * 16,
                        "avx512vnni", 24 * 16,
                        "avx512bf16", 24 * 16,
                        "neon", 24 * 4,
                        "neondot", 24 * 4);
        try (KernelData data = new KernelData(7)) {
            long operations = KernelData.kernels(name).probeFma(1, data.zeros(4, 0));
            assertEquals(operations, 2L * floats.get(name), name);
        }
    }

    /** So a run takes as long as the last try that found how many rounds to run. */
    @Test
    public void runsHaveTheRoundsThatWereLongEnough() {
        List<Long> rounds = Collections.synchronizedList(new ArrayList<>());
        Kernels real = KernelProvider.kernels();
        InvocationHandler record =
                (proxy, method, arguments) -> {
                    if (method.getName().equals("probeFma")) {
                        rounds.add((Long) arguments[0]);
                    }
                    return method.invoke(real, arguments);
                };
        MemoryBudget budget = MemoryBudget.unlimited("probe");
        try (MachineProbe probe = new MachineProbe(proxy(record), 1, 1 << 20, budget)) {
            probe.flopsPerSecond(2);
        }
        int calibrated = rounds.indexOf(1L) - 1;
        long last = rounds.get(calibrated);
        assertEquals(
                rounds.subList(calibrated + 2, rounds.size()),
                Collections.nCopies(2 * MachineProbe.FMA_PARTS, last));
    }

    /** Whoever is late, all is read, and once: the last part of a thread is a shorter one. */
    @Test
    public void threadsTogetherReadAllMemoryOnce() {
        int bytes = (9 << 20) + 4096;
        Map<Long, Long> sizes = new ConcurrentHashMap<>();
        AtomicInteger calls = new AtomicInteger();
        Kernels real = KernelProvider.kernels();
        InvocationHandler record =
                (proxy, method, arguments) -> {
                    if (method.getName().equals("probeRead")) {
                        calls.incrementAndGet();
                        sizes.put((Long) arguments[0], (Long) arguments[1]);
                    }
                    return method.invoke(real, arguments);
                };
        MemoryBudget budget = MemoryBudget.unlimited("probe");
        try (MachineProbe probe = new MachineProbe(proxy(record), 3, bytes, budget)) {
            probe.readBytesPerSecond(1);
        }
        assertEquals(calls.get(), 3 * 3);
        assertEquals(sizes.size(), 3 * 3, "parts begin at different addresses");
        assertEquals(sizes.values().stream().mapToLong(Long::longValue).sum(), 3L * bytes);
    }

    private Kernels proxy(InvocationHandler handler) {
        return (Kernels)
                Proxy.newProxyInstance(
                        getClass().getClassLoader(), new Class<?>[] {Kernels.class}, handler);
    }

    @Test
    public void ratesArePlausibleAndMemoryIsGivenBack() {
        MemoryBudget budget = new MemoryBudget("probe", 2 << 20);
        try (MachineProbe probe = new MachineProbe(KernelProvider.kernels(), 2, 1 << 20, budget)) {
            assertEquals(budget.usedBytes(), 2 << 20);
            double read = probe.readBytesPerSecond(2);
            double flops = probe.flopsPerSecond(1);
            assertTrue(read > 1e5 && read < 1e14, "bytes per second: " + read);
            assertTrue(flops > 1e4 && flops < 1e15, "operations per second: " + flops);
        }
        assertEquals(budget.usedBytes(), 0);
        assertThrows(
                BudgetExceededException.class,
                () -> new MachineProbe(KernelProvider.kernels(), 3, 1 << 20, budget));
        assertEquals(budget.usedBytes(), 0, "what was taken before the refusal");
    }
}
