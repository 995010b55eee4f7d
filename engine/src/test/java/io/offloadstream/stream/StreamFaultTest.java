/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertThrows;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.platform.Interrupts;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.OffloadStreamException;
import io.offloadstream.stream.StreamOptions.Io;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** What goes wrong in a pass is thrown by that pass; the next one works, and nothing leaks. */
public class StreamFaultTest extends WeightFixture {

    @DataProvider
    Object[][] modes() {
        return new Object[][] {{Io.DIRECT}, {Io.BUFFERED}};
    }

    private interface Body {
        void run(RandomWeights weights, WeightStream stream, FaultyStorage storage)
                throws Exception;
    }

    /** Runs with groups that are whole, and with each tensor a part. */
    private void withStream(Io io, Body body) throws Exception {
        for (long partBytes : new long[] {Long.MAX_VALUE, 1}) {
            withStream(io, new RandomWeights(directory, 7, 9, 1, partBytes), body);
        }
    }

    /** Runs on a half resident model; leaving the budget and the storage is the leak check. */
    private void withStream(Io io, RandomWeights weights, Body body) throws Exception {
        ResidencyPlan plan = weights.plan(0.5, 2, io == Io.DIRECT ? 4096 : 1);
        FaultyStorage storage = new FaultyStorage();
        try (MemoryBudget budget = new MemoryBudget("hostMemory", plan.hostMemoryBytes())) {
            try (WeightStream stream =
                    WeightStream.open(plan, options(io, 1, 3), budget, storage)) {
                body.run(weights, stream, storage);
            }
        }
        assertEquals(storage.open(), 0);
    }

    @Test(dataProvider = "modes", timeOut = 600_000)
    public void aFailedOrShortReadEndsOnePass(Io io) throws Exception {
        withStream(
                io,
                (weights, stream, storage) -> {
                    Random random = new Random(1);
                    int failures = 0;
                    for (int round = 0; round < 60; round++) {
                        if (random.nextBoolean()) {
                            storage.failRead(random.nextInt(12));
                        } else {
                            storage.shortenRead(random.nextInt(12));
                        }
                        try {
                            weights.runPass(stream, weights.order(), random);
                        } catch (OffloadStreamException e) {
                            failures++;
                            assertTrue(e.getMessage().contains("offset "), e.getMessage());
                            assertTrue(e.getMessage().contains(".bin"), e.getMessage());
                        }
                    }
                    assertTrue(failures > 10, failures + " failures in 60 rounds");
                    storage.clearFaults();
                    weights.runPass(stream, weights.order(), random);
                });
    }

    /**
     * What readers were at work on when a fault ended must not fail the pass that comes after it.
     */
    @Test(dataProvider = "modes", timeOut = 600_000)
    public void aPassAfterAFaultIsNotFailedByWhatWasReadAheadDuringIt(Io io) throws Exception {
        withStream(
                io,
                (weights, stream, storage) -> {
                    Random random = new Random(2);
                    for (int round = 0; round < 300; round++) {
                        weights.runPass(stream, weights.order(), random);
                        storage.failAllReads(true);
                        assertThrows(
                                OffloadStreamException.class,
                                () -> weights.runPass(stream, weights.order(), random));
                        storage.failAllReads(false);
                    }
                });
    }

    @Test(dataProvider = "modes", timeOut = 600_000)
    public void aFileThatIsCutWhileRunningIsNamed(Io io) throws Exception {
        withStream(
                io,
                (weights, stream, storage) -> {
                    weights.runPass(stream, weights.order(), new Random(1));
                    String message;
                    try (StreamPass pass = stream.begin(weights.order())) {
                        try (FileChannel file =
                                FileChannel.open(weights.file(0), StandardOpenOption.WRITE)) {
                            file.truncate(1000);
                        }
                        message =
                                expectThrows(
                                                OffloadStreamException.class,
                                                () -> {
                                                    for (int i = 0; i < 11; i++) {
                                                        pass.next().close();
                                                    }
                                                })
                                        .getMessage();
                    }
                    assertTrue(message.contains("was cut while it was in use"), message);
                    assertTrue(message.contains("layer."), message);
                    expectThrows(OffloadStreamException.class, () -> stream.begin(weights.order()));
                });
    }

    @Test(dataProvider = "modes", timeOut = 600_000)
    public void aFileThatChangedBetweenPassesIsRefused(Io io) throws Exception {
        withStream(
                io,
                (weights, stream, storage) -> {
                    weights.runPass(stream, weights.order(), new Random(1));
                    Files.setLastModifiedTime(weights.file(1), FileTime.fromMillis(1000));
                    for (int i = 0; i < 2; i++) {
                        OffloadStreamException e =
                                expectThrows(
                                        OffloadStreamException.class,
                                        () -> stream.begin(weights.order()));
                        assertTrue(e.getMessage().contains("reopen the model"), e.getMessage());
                    }
                });
    }

    @Test(timeOut = 600_000)
    public void refusedDirectIoIsAnErrorOrBuffered() throws Exception {
        RandomWeights weights = new RandomWeights(directory, 8, 4);
        ResidencyPlan plan = weights.plan(0.5, 2, 4096);
        FaultyStorage storage = new FaultyStorage().refuseDirect();
        try (MemoryBudget budget = new MemoryBudget("hostMemory", plan.hostMemoryBytes())) {
            OffloadStreamException e =
                    expectThrows(
                            OffloadStreamException.class,
                            () ->
                                    WeightStream.open(
                                            plan, options(Io.DIRECT, 1, 2), budget, storage));
            assertTrue(e.getMessage().contains("io=buffered"), e.getMessage());
            try (WeightStream stream =
                    WeightStream.open(plan, options(Io.AUTO, 1, 2), budget, storage)) {
                weights.runPass(stream, weights.order(), new Random(1));
                assertEquals(stream.stats().io(), Io.BUFFERED);
            }
        }
        assertEquals(storage.open(), 0);
    }

    @Test(timeOut = 600_000)
    public void anOpenThatFailsHalfWayClosesWhatItOpened() throws Exception {
        RandomWeights weights = new RandomWeights(directory, 8, 4);
        ResidencyPlan plan = weights.plan(0.5, 2, 4096);
        FaultyStorage storage = new FaultyStorage().refuseToOpen(weights.file(1));
        try (MemoryBudget budget = new MemoryBudget("hostMemory", plan.hostMemoryBytes());
                MemoryBudget small = new MemoryBudget("hostMemory", plan.slotBytes() * 3 / 2)) {
            StreamOptions direct = options(Io.DIRECT, 1, 2);
            expectThrows(
                    OffloadStreamException.class,
                    () -> WeightStream.open(plan, direct, budget, storage));
            FaultyStorage whole = new FaultyStorage();
            expectThrows(
                    OffloadStreamException.class,
                    () -> WeightStream.open(plan, direct, small, whole));
            assertEquals(whole.open(), 0);
        }
        assertEquals(storage.open(), 0);
    }

    @Test(dataProvider = "modes", timeOut = 600_000)
    public void passesThatEndEarlyLeaveTheNextOneRight(Io io) throws Exception {
        withStream(
                io,
                (weights, stream, storage) -> {
                    Random random = new Random(2);
                    for (int round = 0; round < 80; round++) {
                        try (StreamPass pass = stream.begin(weights.order())) {
                            int groups = random.nextInt(weights.wholes(weights.order()).length);
                            for (int i = 0; i < groups; i++) {
                                GroupLease lease = pass.next();
                                weights.check(lease);
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
                    weights.runPass(stream, weights.order(), random);
                });
    }

    @Test(timeOut = 600_000)
    public void cancelAndInterruptEndAPassThatWaits() throws Exception {
        withStream(
                Io.DIRECT,
                (weights, stream, storage) -> {
                    for (boolean interrupt : new boolean[] {false, true}) {
                        // nothing of the next pass may be there yet
                        CountDownLatch gate = new CountDownLatch(1);
                        weights.runPass(stream, weights.order(), new Random(3));
                        storage.holdReads(gate);
                        AtomicReference<Object> seen = new AtomicReference<>();
                        AtomicReference<StreamPass> open = new AtomicReference<>();
                        Thread thread =
                                new Thread(
                                        () ->
                                                seen.set(
                                                        runUntilCancelled(
                                                                weights, stream, open, interrupt)));
                        thread.start();
                        while (open.get() == null) {
                            Thread.onSpinWait();
                        }
                        if (!interrupt) {
                            open.get().cancel();
                        }
                        thread.join();
                        gate.countDown();
                        assertEquals(seen.get(), interrupt ? "interrupted" : "cancelled");
                        weights.runPass(stream, weights.order(), new Random(4));
                    }
                });
    }

    private static String runUntilCancelled(
            RandomWeights weights,
            WeightStream stream,
            AtomicReference<StreamPass> open,
            boolean interrupt) {
        try (StreamPass pass = stream.begin(weights.order())) {
            if (interrupt) {
                Interrupts.restore();
            }
            open.set(pass);
            for (int i = 0; i < weights.streamedCount(); i++) {
                pass.next().close();
            }
            return "ran to its end";
        } catch (PassCancelledException e) {
            return Thread.interrupted() ? "interrupted" : "cancelled";
        }
    }

    @Test(timeOut = 600_000)
    public void closingTheStreamEndsThePassOfAnotherThread() throws Exception {
        RandomWeights weights = new RandomWeights(directory, 7, 9);
        ResidencyPlan plan = weights.plan(0.5, 2, 4096);
        FaultyStorage storage = new FaultyStorage();
        try (MemoryBudget budget = new MemoryBudget("hostMemory", plan.hostMemoryBytes())) {
            WeightStream stream =
                    WeightStream.open(plan, options(Io.DIRECT, 1, 3), budget, storage);
            CountDownLatch inPass = new CountDownLatch(1);
            AtomicReference<Throwable> seen = new AtomicReference<>();
            Thread thread =
                    new Thread(
                            () -> {
                                try {
                                    while (true) {
                                        weights.runPass(stream, weights.order(), new Random(1));
                                        inPass.countDown();
                                    }
                                } catch (PassCancelledException e) {
                                    seen.set(e);
                                }
                            });
            thread.start();
            inPass.await();
            stream.close();
            thread.join();
            assertTrue(seen.get() instanceof PassCancelledException, "" + seen.get());
            expectThrows(PassCancelledException.class, () -> stream.begin(weights.order()));
        }
        assertEquals(storage.open(), 0);
    }

    @Test(timeOut = 600_000)
    public void closingTheStreamWithinAPassOfOnesOwnEndsIt() throws IOException {
        RandomWeights weights = new RandomWeights(directory, 7, 9);
        ResidencyPlan plan = weights.plan(0.5, 2, 4096);
        try (MemoryBudget budget = new MemoryBudget("hostMemory", plan.hostMemoryBytes())) {
            WeightStream stream =
                    WeightStream.open(plan, options(Io.DIRECT, 1, 3), budget, new FaultyStorage());
            try (StreamPass pass = stream.begin(weights.order())) {
                pass.next();
                stream.close();
                expectThrows(RuntimeException.class, pass::next);
            }
        }
    }

    @Test(timeOut = 600_000)
    public void twoThreadsTakeTurns() throws Exception {
        withStream(
                Io.DIRECT,
                (weights, stream, storage) -> {
                    AtomicReference<Throwable> failure = new AtomicReference<>();
                    Thread[] threads = new Thread[3];
                    for (int t = 0; t < threads.length; t++) {
                        Random random = new Random(t);
                        threads[t] =
                                new Thread(
                                        () -> {
                                            try {
                                                for (int i = 0; i < 20; i++) {
                                                    weights.runPass(
                                                            stream, weights.order(), random);
                                                }
                                            } catch (Throwable e) {
                                                failure.set(e);
                                            }
                                        });
                        threads[t].start();
                    }
                    for (Thread thread : threads) {
                        thread.join();
                    }
                    if (failure.get() != null) {
                        throw new AssertionError(failure.get());
                    }
                    assertEquals(stream.stats().passes(), 60);
                });
    }
}
