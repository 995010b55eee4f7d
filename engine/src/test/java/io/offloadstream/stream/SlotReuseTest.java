/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import static org.testng.Assert.assertNotNull;
import static org.testng.Assert.expectThrows;

import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.Reservation;
import io.offloadstream.stream.StreamOptions.Io;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.testng.annotations.Test;

/**
 * A slot that kernels still compute in is neither filled nor freed, though the device has refused
 * to tell when they end. The fixture's kernels notice wrong bytes and memory that is gone.
 */
public class SlotReuseTest extends DeviceFixture {

    /** All of it, through two slots. */
    private static final Shape STREAMED = new Shape(0, 0, 2, 16, 4096);

    private static final Shape RESIDENT = new Shape(1, 0, 2, 16, 4096);

    private void withStream(Shape shape, Body body) throws Exception {
        RandomWeights weights = new RandomWeights(directory, 13, 6, 3);
        on(13, weights, shape, options(Io.DIRECT, 1, 1), body);
    }

    @Test(timeOut = 600_000)
    public void aSlotIsFilledAfterItsComputationThoughNoEventTellsItsEnd() throws Exception {
        withStream(
                STREAMED,
                bench -> {
                    FakeStream compute = bench.device().compute();
                    CountDownLatch gate = compute.hold();
                    try (StreamPass pass = bench.stream().begin(bench.weights().order())) {
                        GroupLease lease = pass.next();
                        bench.compute(lease);
                        compute.refuseRecords(true);
                        Thread opener = openWhenAwaitedOr(() -> hasRefilled(bench), bench, gate);
                        expectThrows(DeviceException.class, lease::close);
                        opener.join();
                        compute.refuseRecords(false);
                    }
                    bench.runPass(bench.weights().order(), new Random(1));
                });
    }

    @Test(timeOut = 600_000)
    public void aSlotIsFilledAfterItsComputationThoughItsEventDoesNotAnswer() throws Exception {
        withStream(
                STREAMED,
                bench -> {
                    FakeStream compute = bench.device().compute();
                    CountDownLatch gate = compute.hold();
                    try (StreamPass pass = bench.stream().begin(bench.weights().order())) {
                        compute.refuseQueries(true);
                        try (GroupLease lease = pass.next()) {
                            bench.compute(lease);
                        }
                        openWhenAwaitedOr(() -> hasRefilled(bench), bench, gate).join();
                        compute.refuseQueries(false);
                        for (int i = 1; i < bench.weights().streamedCount(); i++) {
                            try (GroupLease lease = pass.next()) {
                                bench.compute(lease);
                            }
                        }
                        compute.synchronize();
                    }
                    bench.runPass(bench.weights().order(), new Random(1));
                });
    }

    @Test(timeOut = 600_000)
    public void aGroupIsFreedAfterItsComputationThoughNoEventTellsItsEnd() throws Exception {
        withStream(
                RESIDENT,
                bench -> {
                    Random random = new Random(1);
                    bench.runPass(bench.weights().order(), random);
                    FakeStream compute = bench.device().compute();
                    CountDownLatch gate = compute.hold();
                    AtomicReference<Reservation> taken = new AtomicReference<>();
                    int last = bench.weights().streamedCount() - 1;
                    // its memory is what is given up first
                    try (StreamPass pass = bench.stream().begin(new int[] {last})) {
                        GroupLease lease = pass.next();
                        bench.compute(lease);
                        compute.refuseRecords(true);
                        Thread opener = openWhenAwaitedOr(() -> taken.get() != null, bench, gate);
                        expectThrows(DeviceException.class, lease::close);
                        long free = bench.budgets().device().availableBytes();
                        taken.set(DeviceFaultTest.tryReserve(bench.budgets().device(), free + 1));
                        assertNotNull(taken.get());
                        opener.join();
                        compute.refuseRecords(false);
                    }
                    taken.get().close();
                    bench.runPass(bench.weights().order(), random);
                });
    }

    /** Lets the computation go on when a thread waits for it, or when what must not be is. */
    private static Thread openWhenAwaitedOr(
            BooleanSupplier isWrong, Bench bench, CountDownLatch gate) {
        Thread opener =
                new Thread(
                        () -> {
                            while (!bench.device().compute().isAwaitedByHost()
                                    && !isWrong.getAsBoolean()) {
                                Thread.onSpinWait();
                            }
                            gate.countDown();
                        });
        opener.start();
        return opener;
    }

    /** Whether the third group has been copied into the slot of the first one. */
    private static boolean hasRefilled(Bench bench) {
        long bytes = bench.weights().groups().get(bench.weights().staticGroup()).sizeBytes();
        for (int group = 0; group < 3; group++) {
            bytes += bench.weights().groups().get(group).sizeBytes();
        }
        return bench.device().copies().uploadedBytes() >= bytes;
    }
}
