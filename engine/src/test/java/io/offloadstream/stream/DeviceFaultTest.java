/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.device.Budgets;
import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.plan.WeightGroup;
import io.offloadstream.plan.WeightGroup.Access;
import io.offloadstream.platform.BudgetExceededException;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.OffloadStreamException;
import io.offloadstream.platform.Reservation;
import io.offloadstream.stream.StreamOptions.Io;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.testng.annotations.Test;

/**
 * Reads, uploads and devices that fail, passes that end early: one exception, nothing left behind,
 * and the next pass right.
 */
public class DeviceFaultTest extends DeviceFixture {

    private static final Shape HALF = new Shape(0.5, 0.5, 2, 3, 4096);

    private void withStream(Shape shape, Body body) throws Exception {
        RandomWeights weights = new RandomWeights(directory, 7, 9, 6);
        on(7, weights, shape, options(Io.DIRECT, 1, 4), body);
    }

    @Test(timeOut = 600_000)
    public void aFailedReadOrUploadEndsAtMostOnePass() throws Exception {
        for (Shape shape : new Shape[] {HALF, new Shape(0, 0, 2, 1, 4096)}) {
            withStream(
                    shape,
                    bench -> {
                        Random random = new Random(1);
                        int failures = 0;
                        for (int round = 0; round < 60; round++) {
                            int kind = random.nextInt(4);
                            switch (kind) {
                                case 0 -> bench.storage().failRead(random.nextInt(8));
                                case 1 -> bench.storage().shortenRead(random.nextInt(8));
                                case 2 -> bench.device().failUpload(random.nextInt(12));
                                default -> bench.device().refuseUploads(1);
                            }
                            boolean hasFailed = fails(bench, random);
                            bench.storage().clearFaults();
                            bench.device().failingUploads().clear();
                            bench.device().refuseUploads(0);
                            bench.device().copies().awaitIdle();
                            // what failed ahead is copied again, but a reader that is slow to
                            // enqueue its event lets the next pass begin before that shows
                            hasFailed = hasFailed || fails(bench, random);
                            failures += hasFailed ? 1 : 0;
                            bench.runPass(bench.weights().order(), random);
                        }
                        assertTrue(failures > 10, failures + " failures in 60 rounds");
                    });
        }
    }

    private static boolean fails(Bench bench, Random random) {
        try {
            bench.runPass(bench.weights().order(), random);
            return false;
        } catch (OffloadStreamException e) {
            return true;
        }
    }

    @Test(timeOut = 600_000)
    public void aResidentGroupWhoseUploadFailedIsNotUsed() throws Exception {
        withStream(
                new Shape(1, 0, 2, 2, 4096),
                bench -> {
                    Random random = new Random(1);
                    for (int i = 0; i < bench.weights().streamedCount(); i++) {
                        bench.device().failUpload(i);
                    }
                    expectThrows(
                            OffloadStreamException.class,
                            () -> bench.runPass(bench.weights().order(), random));
                    bench.device().failingUploads().clear();
                    bench.runPass(bench.weights().order(), random);
                    bench.runPass(bench.weights().order(), random);
                });
    }

    @Test(timeOut = 600_000)
    public void aKernelThatFailedDoesNotFailTheNextPass() throws Exception {
        RandomWeights weights = new RandomWeights(directory, 7, 5);
        // one slot and nothing read ahead: what it is waited for failed in the pass before
        on(
                7,
                weights,
                new Shape(0, 0, 1, 2, 4096),
                options(Io.DIRECT, 0, 2),
                bench -> {
                    for (int round = 0; round < 5; round++) {
                        expectThrows(DeviceException.class, () -> failInLastGroup(bench));
                        bench.runPass(weights.order(), new Random(round));
                    }
                });
    }

    private static void failInLastGroup(Bench bench) {
        int groups = bench.weights().streamedCount();
        try (StreamPass pass = bench.stream().begin(bench.weights().order())) {
            for (int i = 0; i < groups; i++) {
                try (GroupLease lease = pass.next()) {
                    bench.compute(lease);
                    if (i == groups - 1) {
                        bench.device().compute().launchFailing();
                    }
                }
            }
            bench.device().compute().synchronize();
        }
    }

    @Test(timeOut = 600_000)
    public void aLostDeviceFailsEachPassUntilItIsBack() throws Exception {
        withStream(
                HALF,
                bench -> {
                    Random random = new Random(3);
                    for (int round = 0; round < 5; round++) {
                        bench.runPass(bench.weights().order(), random);
                        bench.device().lose(true);
                        for (int i = 0; i < 2; i++) {
                            expectThrows(
                                    OffloadStreamException.class,
                                    () -> bench.runPass(bench.weights().order(), random));
                        }
                        bench.device().lose(false);
                    }
                    bench.runPass(bench.weights().order(), random);
                });
    }

    @Test(timeOut = 600_000)
    public void aDeviceThatIsLostAtAnyCallLeavesNothingBehind() throws Exception {
        for (int groups = 0; groups < 9; groups++) {
            int lostAt = groups;
            withStream(
                    HALF,
                    bench -> {
                        expectThrows(
                                OffloadStreamException.class,
                                () -> loseIn(bench, lostAt, new Random(lostAt)));
                        bench.device().lose(false);
                        bench.runPass(bench.weights().order(), new Random(1));
                    });
        }
    }

    private static void loseIn(Bench bench, int lostAt, Random random) {
        try (StreamPass pass = bench.stream().begin(bench.weights().order())) {
            for (int i = 0; i < bench.weights().streamedCount(); i++) {
                try (GroupLease lease = pass.next()) {
                    bench.compute(lease);
                    if (i == lostAt) {
                        bench.weights().gather(pass, random);
                        bench.device().lose(true);
                    }
                }
            }
            bench.device().compute().synchronize();
        }
    }

    @Test(timeOut = 600_000)
    public void passesThatEndEarlyLeaveTheNextOneRight() throws Exception {
        withStream(
                HALF,
                bench -> {
                    Random random = new Random(2);
                    for (int round = 0; round < 60; round++) {
                        try (StreamPass pass = bench.stream().begin(bench.weights().order())) {
                            int groups = random.nextInt(bench.weights().streamedCount());
                            for (int i = 0; i < groups; i++) {
                                GroupLease lease = pass.next();
                                bench.compute(lease);
                                if (i + 1 < groups || random.nextBoolean()) {
                                    lease.close();
                                }
                            }
                            if (random.nextBoolean()) {
                                pass.cancel();
                                expectThrows(PassCancelledException.class, pass::next);
                            }
                        }
                    }
                    bench.runPass(bench.weights().order(), random);
                });
    }

    @Test(timeOut = 600_000)
    public void closingWaitsForWhatTheDeviceStillDoes() throws Exception {
        for (int round = 0; round < 20; round++) {
            int groups = round % 3;
            withStream(
                    new Shape(0.3, 0.5, 2, 16, 4096),
                    bench -> {
                        CountDownLatch compute = bench.device().compute().hold();
                        CountDownLatch copies = bench.device().copies().hold();
                        try (StreamPass pass = bench.stream().begin(bench.weights().order())) {
                            for (int i = 0; i < groups; i++) {
                                try (GroupLease lease = pass.next()) {
                                    bench.compute(lease);
                                }
                            }
                            Thread closing = Thread.currentThread();
                            Thread opener =
                                    new Thread(
                                            () -> {
                                                // if it does not come to wait for the device,
                                                // memory is freed, and its use will be noticed
                                                while (!isWaiting(closing)) {
                                                    Thread.onSpinWait();
                                                }
                                                compute.countDown();
                                                copies.countDown();
                                            });
                            opener.start();
                            bench.stream().close();
                            opener.join();
                        }
                    });
        }
    }

    private static boolean isWaiting(Thread thread) {
        Thread.State state = thread.getState();
        return state == Thread.State.WAITING || state == Thread.State.TERMINATED;
    }

    @Test(timeOut = 600_000)
    public void groupsOnTheDeviceGiveWayAndComeBack() throws Exception {
        for (double share : new double[] {0.6, 1}) {
            withStream(
                    new Shape(share, 0.5, 2, 3, 4096),
                    bench -> {
                        Random random = new Random(4);
                        MemoryBudget device = bench.budgets().device();
                        for (int round = 0; round < 12; round++) {
                            bench.runPass(bench.weights().order(), random);
                            Reservation taken = null;
                            try (StreamPass pass = bench.stream().begin(bench.weights().order())) {
                                int place = random.nextInt(bench.weights().streamedCount());
                                for (int i = 0; i < bench.weights().streamedCount(); i++) {
                                    try (GroupLease lease = pass.next()) {
                                        bench.compute(lease);
                                        if (i == place) {
                                            taken = tryReserve(device, bench.plan().slotBytes());
                                        }
                                    }
                                }
                                bench.device().compute().synchronize();
                            }
                            bench.runPass(bench.weights().order(), random);
                            if (taken != null) {
                                taken.close();
                            }
                            bench.runPass(bench.weights().order(), random);
                        }
                        StreamStats stats = bench.stream().stats();
                        assertTrue(stats.reclaimedGroups() > 0, stats.toTable());
                    });
        }
    }

    @Test(timeOut = 600_000)
    public void memoryIsFreedOnlyWhenItsCopiesHaveEnded() throws Exception {
        withStream(
                new Shape(0.6, 0, 2, 16, 4096),
                bench -> {
                    List<Integer> kept =
                            bench.plan().pinned().stream()
                                    .filter(group -> group.access() == Access.STREAMED)
                                    .map(WeightGroup::index)
                                    .toList();
                    int[] streamed =
                            Arrays.stream(bench.weights().order())
                                    .filter(group -> !kept.contains(group))
                                    .toArray();
                    int[] order = {streamed[0], kept.get(0)};
                    CountDownLatch gate = bench.device().copies().hold();
                    Thread taker = new Thread(() -> takeSomething(bench));
                    try (StreamPass pass = bench.stream().begin(order)) {
                        // statistics take the lock that the slot's state is guarded by
                        while (bench.stream().stats().passes() == 0
                                && !bench.stream().residents().find(order[1]).isFilled()) {
                            Thread.onSpinWait();
                        }
                        taker.start();
                        while (!isWaiting(taker)) {
                            Thread.onSpinWait();
                        }
                        gate.countDown();
                        taker.join();
                        pass.cancel();
                    }
                    assertEquals(bench.stream().stats().reclaimedGroups(), 1);
                });
    }

    /** Takes memory of groups that were read, though not one copy has ended. */
    private static void takeSomething(Bench bench) {
        MemoryBudget device = bench.budgets().device();
        Reservation taken = null;
        while (taken == null) {
            taken = tryReserve(device, device.availableBytes() + 1);
        }
        taken.close();
    }

    static Reservation tryReserve(MemoryBudget budget, long bytes) {
        try {
            return budget.reserve("KV cache", bytes);
        } catch (BudgetExceededException e) {
            return null;
        }
    }

    @Test(timeOut = 600_000)
    public void anOpenThatFailsHalfWayFreesWhatItTook() throws Exception {
        RandomWeights weights = new RandomWeights(directory, 8, 4);
        ResidencyPlan plan = HALF.plan(weights);
        FaultyStorage storage = new FaultyStorage();
        try (FakeDevice device = new FakeDevice(8);
                MemoryBudget host = new MemoryBudget("hostMemory", plan.hostMemoryBytes());
                MemoryBudget onDevice = new MemoryBudget("deviceMemory", plan.deviceMemoryBytes());
                MemoryBudget little = new MemoryBudget("deviceMemory", plan.slotBytes() * 3 / 2);
                MemoryBudget few = new MemoryBudget("hostMemory", plan.stagingBytes() * 5 / 2)) {
            StreamOptions options = options(Io.DIRECT, 1, 2);
            for (Budgets each :
                    new Budgets[] {new Budgets(host, little), new Budgets(few, onDevice)}) {
                expectThrows(
                        BudgetExceededException.class,
                        () -> WeightStream.open(plan, options, each, device, storage));
            }
            device.lose(true);
            expectThrows(
                    DeviceException.class,
                    () ->
                            WeightStream.open(
                                    plan, options, new Budgets(host, onDevice), device, storage));
        }
        assertEquals(storage.open(), 0);
    }
}
