/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertTrue;

import java.util.function.ToDoubleFunction;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** The search against models of a disk and a computation: no clock but the model's. */
public class PaceSearchTest {

    private static final int MIB = 1 << 20;
    private static final long GROUP_BYTES = 120_000_000;
    private static final int GROUPS = 21;
    private static final int RESIDENT = 9;
    private static final ReadPace FIRST = new ReadPace(8, 4 * MIB, 2);

    /** Each of the six steps fails once after the last gain; requests, sizes and slots have few. */
    private static final int MOST_PASSES = 80;

    /**
     * A disk that reaches a bandwidth with enough in flight, and a computation.
     *
     * @param latencyNanos of a request, however small
     * @param bytesPerNano of all requests together
     * @param efficiency share of it by the pace: heads that move, queues that overflow, requests
     *     that are split
     * @param computeNanos of a pass
     * @param stallNanos that readers lose in a pass for each slot short of {@code neededSlots}
     */
    private record Machine(
            double latencyNanos,
            double bytesPerNano,
            ToDoubleFunction<ReadPace> efficiency,
            double computeNanos,
            double stallNanos,
            int neededSlots) {

        double rate(ReadPace pace) {
            double alone = latencyNanos + pace.requestBytes() / bytesPerNano;
            double inFlight = pace.requests() * pace.requestBytes() / alone;
            double efficient = bytesPerNano * efficiency.applyAsDouble(pace);
            return Math.min(efficient, inFlight);
        }

        /** A slot more than two is a resident group less. */
        long readBytes(ReadPace pace) {
            return GROUP_BYTES * (GROUPS - RESIDENT + pace.slots() - 2);
        }

        double passNanos(ReadPace pace) {
            double stalls = stallNanos * Math.max(0, neededSlots - pace.slots());
            return Math.max(computeNanos, readBytes(pace) / rate(pace) + stalls);
        }

        PassCost pass(ReadPace pace, double slower) {
            double read = readBytes(pace) / rate(pace);
            double pass = passNanos(pace) * slower;
            return new PassCost(
                    GROUP_BYTES * GROUPS,
                    readBytes(pace),
                    readBytes(pace),
                    (long) (read * pace.requests()),
                    (long) ((pass - read) * pace.requests()),
                    (long) (pass - computeNanos));
        }
    }

    private static PaceSearch search() {
        return new PaceSearch(FIRST, new PaceSearch.Limits(32, GROUP_BYTES, 2, 6));
    }

    private static Machine disk(double latencyMillis, double gigabytesPerSecond) {
        return new Machine(latencyMillis * 1e6, gigabytesPerSecond, p -> 1, 3e8, 0, 2);
    }

    @DataProvider
    public Object[][] machines() {
        Machine seeks = new Machine(1e5, 0.2, p -> 1 / (1 + 0.2 * (p.requests() - 1)), 3e8, 0, 2);
        Machine overflows = new Machine(4e7, 1, p -> p.requests() > 16 ? 0.7 : 1, 3e8, 0, 2);
        Machine narrow = new Machine(4e7, 1, p -> p.requests() > 8 ? 0.5 : 1, 3e8, 0, 2);
        Machine splits = new Machine(1e5, 1, p -> p.requestBytes() > 2 * MIB ? 0.7 : 1, 3e8, 0, 2);
        Machine busy = new Machine(4e7, 1, p -> 1, 1e10, 0, 2);
        Machine shallow = new Machine(1e5, 1, p -> 1, 3e8, 3e8, 3);
        Machine deeper = new Machine(1e5, 1, p -> 1, 3e8, 3e8, 4);
        Machine hardlyShallow = new Machine(1e5, 1, p -> 1, 3e8, 1e8, 3);
        return new Object[][] {
            {"a fast disk", disk(0.1, 3), FIRST},
            {"8 in flight give four fifths", disk(38, 1), new ReadPace(16, 4 * MIB, 2)},
            {"latency beyond what 16 hide", disk(80, 1), new ReadPace(32, 4 * MIB, 2)},
            {"a disk that seeks", seeks, new ReadPace(1, 4 * MIB, 2)},
            {"more than 16 overflow", overflows, new ReadPace(16, 4 * MIB, 2)},
            {"more than 8 overflow, and latency", narrow, new ReadPace(8, 8 * MIB, 2)},
            {"requests of more than 2 MiB are split", splits, new ReadPace(8, 2 * MIB, 2)},
            {"computation takes longer", busy, FIRST},
            {"two slots are too few", shallow, new ReadPace(8, 4 * MIB, 3)},
            {"three slots are too few", deeper, new ReadPace(8, 4 * MIB, 4)},
            {"a slot gains less than it costs", hardlyShallow, FIRST},
        };
    }

    /** Runs passes until the search has settled, and returns how many that took. */
    private static int settle(PaceSearch search, Machine machine, int disturbEvery) {
        int passes = 0;
        while (!search.isSettled()) {
            assertTrue(passes < MOST_PASSES, "still at " + search.pace() + " after " + passes);
            passes++;
            double slower = disturbEvery > 0 && passes % disturbEvery == 0 ? 3 : 1;
            search.passEnded(machine.pass(search.pace(), slower));
        }
        return passes;
    }

    @Test(dataProvider = "machines")
    public void settlesWhereTheModelOfTheMachineSays(
            String name, Machine machine, ReadPace expected) {
        PaceSearch search = search();
        settle(search, machine, 0);
        assertEquals(search.pace(), expected, name);
        double gained = machine.passNanos(search.pace()) / machine.passNanos(FIRST);
        assertTrue(gained <= 1, name + " takes " + gained + " of the time at first");
    }

    @Test(dataProvider = "machines")
    public void disturbedPassesDoNotMisleadIt(String name, Machine machine, ReadPace expected) {
        for (int every = 3; every <= 5; every++) {
            PaceSearch search = search();
            settle(search, machine, every);
            assertEquals(search.pace(), expected, name + ", every " + every);
        }
    }

    @Test
    public void aStepThatIsTriedWhileADiskIsFasterForAWhileIsNotTaken() {
        Machine slow = disk(0.1, 1);
        Machine fast = disk(0.1, 2);
        for (int begin = 0; begin < 20; begin++) {
            PaceSearch search = search();
            for (int pass = 0; !search.isSettled(); pass++) {
                assertTrue(pass < MOST_PASSES, "still at " + search.pace());
                // no longer than a pace is measured, so that the next one shows it
                boolean isFast = pass >= begin && pass < begin + 3;
                search.passEnded((isFast ? fast : slow).pass(search.pace(), 1));
            }
            assertEquals(search.pace(), FIRST, "faster from pass " + begin);
        }
    }

    @Test(dataProvider = "machines")
    public void staysWhereItHasSettled(String name, Machine machine, ReadPace expected) {
        PaceSearch search = search();
        settle(search, machine, 0);
        for (int i = 0; i < 1000; i++) {
            double slower = i % 7 == 0 ? 3 : 1;
            assertFalse(search.passEnded(machine.pass(search.pace(), slower)), name);
            assertTrue(search.isSettled(), name);
        }
    }

    @Test
    public void anotherDiskIsSearchedAnew() {
        PaceSearch search = search();
        settle(search, disk(0.1, 3), 0);
        Machine slower = disk(80, 1);
        int passes = 0;
        while (search.isSettled()) {
            search.passEnded(slower.pass(search.pace(), 1));
            passes++;
            assertTrue(passes < 10, "does not notice");
        }
        settle(search, slower, 0);
        assertEquals(search.pace(), new ReadPace(32, 4 * MIB, 2));
    }

    @Test
    public void slotsThatWereAskedForAreGivenBackIfTheyGainNothing() {
        ReadPace wide = new ReadPace(8, 4 * MIB, 4);
        PaceSearch search = new PaceSearch(wide, new PaceSearch.Limits(32, GROUP_BYTES, 2, 6));
        settle(search, disk(0.1, 1), 0);
        assertEquals(search.pace(), FIRST);
    }

    @Test
    public void requestsAreNoLargerThanTheShareOfAReader() {
        PaceSearch search = new PaceSearch(FIRST, new PaceSearch.Limits(32, 20_000_000, 2, 2));
        assertEquals(search.pace(), new ReadPace(8, 3 * MIB, 2));
        // some blocks more do not make each of the requests a MiB larger
        search = new PaceSearch(FIRST, new PaceSearch.Limits(32, 8 * 3 * MIB + 8192, 2, 2));
        assertEquals(search.pace(), new ReadPace(8, 3 * MIB, 2));
    }

    @Test
    public void passesThatReadNothingSayNothing() {
        PaceSearch search = search();
        for (int i = 0; i < 100; i++) {
            assertFalse(search.passEnded(new PassCost(GROUP_BYTES * GROUPS, 0, 0, 0, 1, 0)));
        }
        assertFalse(search.isSettled());
    }

    @Test
    public void aFixedPaceIsSettledAndStays() {
        PaceSearch search = new PaceSearch(FIRST, null);
        assertTrue(search.isSettled() && search.isFixed());
        assertFalse(search.passEnded(disk(80, 1).pass(FIRST, 1)));
        assertEquals(search.pace(), FIRST);
    }
}
