/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertTrue;

import io.offloadstream.model.Session;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.stream.PassCancelledException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/**
 * Passes that the disk holds up are ended by interruption or by closing, and sessions of several
 * threads take turns without a change of their numbers.
 */
public class EndedPassTest extends FaultFixture {

    @Test(dataProvider = "readModes", timeOut = 600_000)
    public void anInterruptEndsAPassThatWaitsForTheDisk(String io) throws Exception {
        WatchedStorage storage = new WatchedStorage();
        StreamedModel model = open(io, storage);
        try (Session session = model.newSession(1)) {
            try (WatchedStorage.Hold hold = storage.hold()) {
                Ended pass = Ended.start(threads(), () -> advance(model, session, PROMPT));
                hold.await();
                pass.interrupt();
                pass.await().thrown(PassCancelledException.class);
                assertTrue(pass.interrupted(), "the interrupt status is kept");
            }
            assertEquals(session.length(), 0);
            assertEquals(advance(model, session, PROMPT), expected(PROMPT));
        }
    }

    @Test(dataProvider = "readModes", timeOut = 600_000)
    public void closingTheSessionEndsAPassThatWaitsForTheDisk(String io) throws Exception {
        WatchedStorage storage = new WatchedStorage();
        StreamedModel model = open(io, storage);
        Session session = model.newSession(1);
        try (WatchedStorage.Hold hold = storage.hold()) {
            Ended pass = Ended.start(threads(), () -> advance(model, session, PROMPT));
            hold.await();
            session.close();
            pass.await().thrown(PassCancelledException.class);
            assertFalse(pass.interrupted());
        }
        assertEquals(answer(model), expected(PROMPT));
    }

    @Test(dataProvider = "readModes", timeOut = 600_000)
    public void closingTheModelEndsAPassThatWaitsForTheDisk(String io) throws Exception {
        WatchedStorage storage = new WatchedStorage();
        StreamedModel model = open(io, storage);
        Ended pass;
        Ended close;
        try (WatchedStorage.Hold hold = storage.hold()) {
            pass = Ended.start(threads(), () -> answer(model));
            hold.await();
            close =
                    Ended.start(
                            threads(),
                            () -> {
                                model.close();
                                return null;
                            });
            pass.await().thrown(PassCancelledException.class);
        }
        close.await().result();
        Leaks.assertNone(model.budget());
        Leaks.assertNone(directory());
    }

    @DataProvider
    Object[][] threadCounts() {
        List<Object[]> cases = new ArrayList<>();
        for (String io : new String[] {"direct", "buffered", "mmap"}) {
            cases.add(new Object[] {io, 2});
            cases.add(new Object[] {io, 4});
        }
        return cases.toArray(Object[][]::new);
    }

    @Test(dataProvider = "threadCounts", timeOut = 600_000)
    public void sessionsOfSeveralThreadsGiveTheNumbersOfOne(String io, int count) throws Exception {
        // keys, values and logits of as many sequences as a batch may have
        StreamedModel model = open(options(io, count), new WatchedStorage());
        List<List<float[]>> alone = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            alone.add(conversation(model, i));
        }
        List<Ended> together = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int number = i;
            together.add(Ended.start(threads(), () -> conversation(model, number)));
        }
        for (int i = 0; i < count; i++) {
            assertSame((List<?>) together.get(i).await().result(), alone.get(i), "thread " + i);
        }
    }

    private static void assertSame(List<?> actual, List<float[]> expected, String what) {
        assertEquals(actual.size(), expected.size(), what);
        for (int i = 0; i < actual.size(); i++) {
            assertEquals((float[]) actual.get(i), expected.get(i), what + ", pass " + i);
        }
    }

    /** A prompt of its own length and ids, then some tokens one by one, three times. */
    private static List<float[]> conversation(StreamedModel model, int number) {
        int[] prompt =
                IntStream.range(0, 9 + 3 * number).map(i -> (i * 37 + number) % 320).toArray();
        List<float[]> logits = new ArrayList<>();
        for (int round = 0; round < 3; round++) {
            try (Session session = model.newSession(1)) {
                logits.add(advance(model, session, prompt));
                for (int token = 0; token < 5; token++) {
                    logits.add(advance(model, session, 10 * number + token));
                }
            }
        }
        return logits;
    }
}
