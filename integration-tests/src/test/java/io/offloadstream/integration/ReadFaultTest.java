/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.checkpoint.CheckpointException;
import io.offloadstream.model.Session;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.platform.OffloadStreamException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.FileTime;
import java.util.concurrent.atomic.AtomicBoolean;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** Files that are damaged, or change, or cannot be read: one clear exception each, and no more. */
public class ReadFaultTest extends FaultFixture {

    private static final long TOUCHED_MILLIS = 1_000_000;

    @Test(dataProvider = "allModes")
    public void aTruncatedFileIsRefusedAtOpen(String io) throws IOException {
        var options = options(io);
        cutFile();
        CheckpointException e =
                expectThrows(CheckpointException.class, () -> Budgets.plan(directory(), options));
        assertTrue(e.getMessage().contains(file().toString()), e.getMessage());
        CheckpointException again =
                expectThrows(CheckpointException.class, () -> open(io, new WatchedStorage()));
        assertEquals(again.getMessage(), e.getMessage());
    }

    @Test(dataProvider = "readModes", timeOut = 600_000)
    public void aFileThatIsCutDuringAPassEndsIt(String io) throws IOException {
        WatchedStorage storage = new WatchedStorage();
        StreamedModel model = open(io, storage);
        assertEquals(answer(model), expected(PROMPT));
        // within the pass: what was left to read ahead of it would cut the file before it begins
        model.setProgress(
                (done, total) -> {
                    if (done == 1) {
                        storage.afterReads(0, this::cutFile);
                    }
                });
        OffloadStreamException e = expectThrows(OffloadStreamException.class, () -> answer(model));
        assertTrue(e.getMessage().contains("was cut while it was in use"), e.getMessage());
        assertTrue(e.getMessage().contains(file().toString()), e.getMessage());
        OffloadStreamException next =
                expectThrows(OffloadStreamException.class, () -> answer(model));
        assertTrue(next.getMessage().contains("reopen the model"), next.getMessage());

        restoreFile();
        assertEquals(answer(open(io, storage)), expected(PROMPT));
    }

    @DataProvider
    Object[][] failingReads() {
        return new Object[][] {
            {"direct", 0}, {"direct", 3}, {"direct", 6},
            {"buffered", 0}, {"buffered", 3}, {"buffered", 6},
        };
    }

    @Test(dataProvider = "failingReads", timeOut = 600_000)
    public void aReadThatFailsEndsOnePassOnly(String io, int read) {
        WatchedStorage storage = new WatchedStorage();
        StreamedModel model = open(io, storage);
        AtomicBoolean failed = new AtomicBoolean();
        storage.afterReads(read, () -> fail(failed));
        OffloadStreamException e = expectThrows(OffloadStreamException.class, () -> answer(model));
        assertTrue(failed.get());
        assertTrue(e.getMessage().contains("injected fault"), e.getMessage());
        assertTrue(e.getMessage().contains(file().toString()), e.getMessage());
        assertEquals(answer(model), expected(PROMPT));
    }

    @Test(dataProvider = "readModes", timeOut = 600_000)
    public void aFailedPassLeavesTheSessionAsItWas(String io) {
        int[] tail = {8, 250};
        WatchedStorage storage = new WatchedStorage();
        StreamedModel model = open(io, storage);
        float[] undisturbed;
        try (Session session = model.newSession(1)) {
            advance(model, session, PROMPT);
            undisturbed = advance(model, session, tail);
        }
        try (Session session = model.newSession(1)) {
            advance(model, session, PROMPT);
            AtomicBoolean failed = new AtomicBoolean();
            storage.setHook(() -> fail(failed));
            expectThrows(OffloadStreamException.class, () -> advance(model, session, tail));
            assertTrue(failed.get());
            storage.setHook(() -> {});
            assertEquals(session.length(), PROMPT.length);
            assertEquals(advance(model, session, tail), undisturbed);
        }
    }

    private static void fail(AtomicBoolean failed) throws IOException {
        failed.set(true);
        throw new IOException("injected fault");
    }

    @Test(dataProvider = "allModes", timeOut = 600_000)
    public void aFileTouchedBetweenPassesIsRefusedBeforeTheNext(String io) throws IOException {
        StreamedModel model = open(io, new WatchedStorage());
        assertEquals(answer(model), expected(PROMPT));
        long passes = model.stats().passes();
        Files.setLastModifiedTime(file(), FileTime.fromMillis(TOUCHED_MILLIS));
        assertRefused(model, "has changed while it was in use");
        assertEquals(model.stats().passes(), passes, "no pass began");
        model.close();
        assertEquals(answer(open(io, new WatchedStorage())), expected(PROMPT));
    }

    @Test(timeOut = 600_000)
    public void aMappedFileReplacedOrGoneIsRefusedBeforeTheNextPass() throws IOException {
        StreamedModel model = open("mmap", new WatchedStorage());
        assertEquals(answer(model), expected(PROMPT));
        FileTime time = Files.getLastModifiedTime(file());
        restoreFile();
        Files.setLastModifiedTime(file(), time);
        assertRefused(model, "has changed while it was in use");
        Files.delete(file());
        assertRefused(model, "is gone while it is in use");
    }

    private void assertRefused(StreamedModel model, String why) {
        OffloadStreamException e = expectThrows(OffloadStreamException.class, () -> answer(model));
        assertTrue(e.getMessage().contains(why), e.getMessage());
        assertTrue(e.getMessage().contains("reopen the model"), e.getMessage());
        assertTrue(e.getMessage().contains(file().toString()), e.getMessage());
    }
}
