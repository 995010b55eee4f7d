/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertNotNull;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.OffloadStreamException;
import io.offloadstream.platform.Reservation;
import io.offloadstream.stream.StreamOptions.Io;
import io.offloadstream.stream.StreamStats.PassRecord;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.testng.annotations.Test;

/**
 * Groups that host memory keeps: read once, copied in each pass, given back, their rows gathered.
 */
public class HostGroupTest extends DeviceFixture {

    private static final Comparator<TensorEntry> BY_SIZE =
            Comparator.comparingLong(TensorEntry::sizeBytes);

    private static final Shape IN_HOST = new Shape(0, 1, 2, 3, 4096);

    private static PassRecord last(Bench bench) {
        List<PassRecord> passes = bench.stream().stats().recentPasses();
        return passes.get(passes.size() - 1);
    }

    @Test(timeOut = 600_000)
    public void theyAreReadOnceAndRowsComeFromThem() throws Exception {
        RandomWeights weights = new RandomWeights(directory, 31, 9, 4);
        on(
                31,
                weights,
                IN_HOST,
                options(Io.DIRECT, 1, 4),
                bench -> {
                    assertEquals(bench.plan().streamedBytesPerPass(), 0);
                    Random random = new Random(1);
                    bench.runPass(weights.order(), random);
                    bench.runPass(weights.order(), random);
                    long rows = bench.stream().stats().gather().rowsFromDisk();
                    int reads = bench.storage().reads();
                    bench.runPass(weights.order(), random);
                    bench.runPass(weights.order(), random);
                    assertEquals(bench.storage().reads(), reads);
                    assertEquals(bench.stream().stats().gather().rowsFromDisk(), rows);
                    assertTrue(last(bench).groupsRead().isEmpty());
                    assertEquals(last(bench).bytes(), 0);
                    assertTrue(bench.stream().stats().hostBytes() > 0);
                });
    }

    @Test(timeOut = 600_000)
    public void rowsOfTheHeadAreTakenFromItAndKeepItWhileLeased() throws Exception {
        RandomWeights weights = new RandomWeights(directory, 37, 4);
        on(
                37,
                weights,
                IN_HOST,
                options(Io.DIRECT, 1, 3),
                bench -> {
                    MemoryBudget host = bench.budgets().host();
                    bench.runPass(weights.order(), new Random(1));
                    bench.runPass(weights.order(), new Random(2));
                    // the table goes first, and does not come back
                    host.reserve("outputs", host.availableBytes() + 1).close();
                    int[] rows = {3, 90, 47, 48};
                    long before = bench.stream().stats().gather().rowsFromDisk();
                    try (StreamPass pass = bench.stream().begin(weights.order());
                            RowLease lease = pass.gather(weights.embedding(), 0, rows)) {
                        assertEquals(bench.stream().stats().gather().rowsFromDisk(), before);
                        List<Reservation> taken = new ArrayList<>();
                        Reservation next = next(host);
                        while (next != null) {
                            taken.add(next);
                            next = next(host);
                        }
                        assertTrue(bench.stream().stats().reclaimedGroups() > 1);
                        assertTrue(bench.stream().stats().hostBytes() > 0);
                        weights.checkRows(0, rows, lease.addresses());
                        taken.forEach(Reservation::close);
                    }
                });
    }

    private static Reservation next(MemoryBudget host) {
        return DeviceFaultTest.tryReserve(host, host.availableBytes() + 1);
    }

    @Test(timeOut = 600_000)
    public void memoryThatCannotBePinnedIsCopiedTwice() throws Exception {
        RandomWeights weights = new RandomWeights(directory, 32, 9, 4);
        FakeDevice device = new FakeDevice(32);
        device.refuseToPinAfter(IN_HOST.chunks());
        on(
                device,
                weights,
                IN_HOST,
                options(Io.DIRECT, 1, 4),
                bench -> {
                    Random random = new Random(1);
                    for (int i = 0; i < 4; i++) {
                        bench.runPass(weights.order(), random);
                    }
                    StreamStats stats = bench.stream().stats();
                    assertTrue(stats.upload().unpinnedBytes() > 0, stats.toTable());
                    assertTrue(stats.upload().unpinnedBytes() <= stats.upload().bytesFromHost());
                    assertEquals(last(bench).bytes(), 0);
                });
    }

    @Test(timeOut = 600_000)
    public void theyGiveWayAndComeBack() throws Exception {
        RandomWeights weights = new RandomWeights(directory, 33, 10, 3);
        on(
                33,
                weights,
                IN_HOST,
                options(Io.DIRECT, 1, 3),
                bench -> {
                    Random random = new Random(1);
                    MemoryBudget host = bench.budgets().host();
                    bench.runPass(weights.order(), random);
                    bench.runPass(weights.order(), random);
                    long kept = bench.stream().stats().hostBytes();
                    long much = host.availableBytes() + kept / 2;
                    try (Reservation other = host.reserve("outputs", much)) {
                        assertTrue(other.sizeBytes() > 0);
                        assertTrue(bench.stream().stats().reclaimedGroups() > 0);
                        assertTrue(bench.stream().stats().hostBytes() < kept);
                        for (int i = 0; i < 4; i++) {
                            bench.runPass(weights.order(), random);
                            assertTrue(last(bench).bytes() > 0);
                        }
                    }
                    for (int i = 0; i < 4; i++) {
                        bench.runPass(weights.order(), random);
                    }
                    assertEquals(bench.stream().stats().hostBytes(), kept);
                    assertEquals(last(bench).bytes(), 0);
                });
    }

    @Test(timeOut = 600_000)
    public void theyAreGivenUpWhilePassesRun() throws Exception {
        RandomWeights weights = new RandomWeights(directory, 34, 10, 3);
        on(
                34,
                weights,
                new Shape(0.3, 1, 3, 2, 4096),
                options(Io.DIRECT, 2, 3),
                bench -> {
                    Random random = new Random(3);
                    for (int round = 0; round < 40; round++) {
                        Reservation taken = null;
                        int place = random.nextInt(weights.streamedCount());
                        try (StreamPass pass = bench.stream().begin(weights.order())) {
                            weights.gather(pass, random);
                            for (int i = 0; i < weights.streamedCount(); i++) {
                                try (GroupLease lease = pass.next()) {
                                    bench.compute(lease);
                                    if (i == place) {
                                        MemoryBudget host = bench.budgets().host();
                                        taken =
                                                DeviceFaultTest.tryReserve(
                                                        host, host.availableBytes() + 100_000);
                                    }
                                }
                            }
                            bench.device().compute().synchronize();
                        }
                        if (taken != null) {
                            taken.close();
                        }
                    }
                    assertTrue(bench.stream().stats().reclaimedGroups() > 1);
                });
    }

    @Test(timeOut = 600_000)
    public void memoryIsFreedOnlyWhenItsCopiesHaveEnded() throws Exception {
        RandomWeights weights = new RandomWeights(directory, 35, 6, 3);
        on(
                35,
                weights,
                IN_HOST,
                options(Io.DIRECT, 1, 3),
                bench -> {
                    Random random = new Random(1);
                    bench.runPass(weights.order(), random);
                    bench.runPass(weights.order(), random);
                    CountDownLatch gate = bench.device().copies().hold();
                    Thread taker = new Thread(() -> takeAll(bench.budgets().host()));
                    try (StreamPass pass = bench.stream().begin(weights.order())) {
                        for (int i = 0; i < 2; i++) {
                            try (GroupLease lease = pass.next()) {
                                bench.compute(lease);
                            }
                        }
                        taker.start();
                        while (taker.isAlive() && taker.getState() != Thread.State.WAITING) {
                            Thread.onSpinWait();
                        }
                        gate.countDown();
                        taker.join();
                        bench.device().compute().synchronize();
                    }
                });
    }

    private static void takeAll(MemoryBudget host) {
        long most = host.limitBytes() - host.usedByPurpose().get("pinned staging");
        Reservation all = DeviceFaultTest.tryReserve(host, most / 2);
        assertNotNull(all);
        all.close();
    }

    @Test(timeOut = 600_000)
    public void aReadThatFailsIsDoneAgain() throws Exception {
        RandomWeights weights = new RandomWeights(directory, 36, 8, 6);
        on(
                36,
                weights,
                IN_HOST,
                options(Io.DIRECT, 1, 3),
                bench -> {
                    Random random = new Random(5);
                    List<TensorEntry> unreadable = new ArrayList<>(largestTensors(weights));
                    // each pass comes one group further: the first one that no read has had yet
                    while (!unreadable.isEmpty()) {
                        bench.storage().failReadsOf(unreadable);
                        expectThrows(
                                OffloadStreamException.class,
                                () -> bench.runPass(weights.order(), random));
                        unreadable.remove(0);
                    }
                    bench.storage().failReadsOf(unreadable);
                    bench.runPass(weights.order(), random);
                    bench.runPass(weights.order(), random);
                    assertEquals(last(bench).bytes(), 0);
                });
    }

    private static List<TensorEntry> largestTensors(RandomWeights weights) {
        List<TensorEntry> largest =
                weights.groups().subList(0, weights.streamedCount()).stream()
                        .map(group -> Collections.max(group.tensors(), BY_SIZE))
                        .toList();
        for (TensorEntry tensor : largest) {
            assertTrue(tensor.sizeBytes() > 4 * RandomWeights.BLOCK_BYTES, tensor.toString());
        }
        return largest;
    }
}
