/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertNull;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.device.Budgets;
import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.platform.BudgetExceededException;
import io.offloadstream.platform.Interrupts;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.Owned;
import io.offloadstream.stream.StreamOptions.Io;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.testng.annotations.Test;

/** The ring of a stream that had none, while readers own what it is to be made of. */
public class PassMemoryTest extends WeightFixture {

    private RandomWeights weights;
    private ResidencyPlan plan;
    private MemoryBudget budget;
    private Pipeline pipeline;
    private ResidentSet residents;
    private PassMemory passes;
    private final AtomicReference<RuntimeException> failure = new AtomicReference<>();

    /** Pins all groups, lets another take all that can be had, and gives the rest to readers. */
    private int open(Owned owned) throws IOException {
        weights = new RandomWeights(directory, 26, 8, 1, 1);
        plan = weights.plan(1, 2, 4096);
        assertEquals(plan.slotCount(), 0);
        assertTrue(plan.wholes().mostParts() > 1);
        failure.set(null);
        Piece[][] pieces = new Piece[plan.groups().size()][];
        Arrays.fill(pieces, new Piece[] {new Piece(0, 0, 0, 4096, 4096, List.of())});
        budget = owned.own(new MemoryBudget("hostMemory", plan.hostMemoryBytes()));
        StreamMemory memory =
                new StreamMemory(plan, new Budgets(budget, budget), null, pieces, null, null);
        residents = new ResidentSet(plan, memory.compute(), memory.host());
        Scheduler scheduler = Scheduler.of(options(Io.DIRECT, 1, 64));
        pipeline = new Pipeline(plan, scheduler, residents, new StreamCounters());
        passes = new PassMemory(plan, memory, pipeline, residents);
        owned.own(residents::close);
        owned.own(pipeline::closeRing);
        residents.open();
        passes.take(weights.order(), 0);
        budget.addReclaimer(passes);
        while (reserveMore(owned)) {
            assertTrue(budget.availableBytes() >= 0);
        }
        assertTrue(residents.reclaimedGroups() > 0);
        pipeline.lock.lock();
        try {
            pipeline.setPace(64, pieces);
            int reading = 0;
            for (int group : weights.order()) {
                if (residents.find(group) != null) {
                    pipeline.startResident(group);
                    reading++;
                }
            }
            return reading;
        } finally {
            pipeline.lock.unlock();
        }
    }

    private boolean reserveMore(Owned owned) {
        try {
            owned.own(budget.reserve("outputs", 4096));
            return true;
        } catch (BudgetExceededException e) {
            return false;
        }
    }

    /** Takes a ring in a thread of its own, and returns that when it waits or has ended. */
    private Thread takeRing() {
        Thread thread =
                new Thread(
                        () -> {
                            try {
                                passes.take(weights.order(), 0);
                            } catch (RuntimeException e) {
                                failure.set(e);
                            }
                        });
        thread.start();
        while (thread.isAlive() && thread.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }
        return thread;
    }

    @Test(timeOut = 600_000)
    public void aRingIsMadeOfGroupsThatAreBeingReadWhenTheyHaveBeen() throws Exception {
        try (Owned owned = new Owned()) {
            int reading = open(owned);
            Thread thread = takeRing();
            PieceReads reads = new PieceReads(null, null, 0, System::nanoTime);
            for (int i = 0; i < reading; i++) {
                pipeline.complete(pipeline.requests().take(), reads, null);
            }
            thread.join();
            assertNull(failure.get());
            assertTrue(pipeline.ring().size() >= plan.wholes().mostParts());
        }
    }

    @Test(timeOut = 600_000)
    public void anInterruptEndsTheWaitForReaders() throws IOException {
        try (Owned owned = new Owned()) {
            assertTrue(open(owned) > 0);
            Interrupts.restore();
            expectThrows(PassCancelledException.class, () -> passes.take(weights.order(), 0));
            assertTrue(Thread.interrupted());
        }
    }
}
