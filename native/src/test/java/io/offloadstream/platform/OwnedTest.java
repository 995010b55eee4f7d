/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertThrows;
import static org.testng.Assert.expectThrows;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.testng.annotations.BeforeMethod;
import org.testng.annotations.Test;

public class OwnedTest {

    private final List<String> closed = new ArrayList<>();

    @BeforeMethod
    public void forget() {
        closed.clear();
    }

    private AutoCloseable named(String name) {
        return () -> closed.add(name);
    }

    private AutoCloseable failing(String name, Exception failure) {
        return () -> {
            closed.add(name);
            throw failure;
        };
    }

    @Test
    public void theLastTakenIsClosedFirstAndOnce() {
        Owned owned = new Owned();
        owned.own(named("first"));
        owned.own(named("second"));
        owned.close();
        owned.close();
        assertEquals(closed, List.of("second", "first"));
    }

    @Test
    public void allAreClosedWhateverFailsAndTheFirstFailureIsThrown() {
        RuntimeException first = new DeviceException("first");
        IOException second = new IOException("second");
        RuntimeException thrown =
                expectThrows(
                        RuntimeException.class,
                        () ->
                                Owned.closeAll(
                                        named("a"),
                                        failing("b", first),
                                        null,
                                        failing("c", second),
                                        named("d")));
        assertEquals(thrown, first);
        assertEquals(thrown.getSuppressed()[0].getCause(), second);
        assertEquals(closed, List.of("a", "b", "c", "d"));
    }

    @Test
    public void aCheckedFailureIsThrownUnchecked() {
        assertThrows(
                UncheckedIOException.class,
                () -> Owned.closeAll(failing("file", new IOException("full"))));
        assertThrows(
                IllegalStateException.class,
                () -> Owned.closeAll(failing("other", new Exception("other"))));
    }

    @Test
    public void anOpeningThatFailsClosesWhatItOpenedAndOneThatSucceedsKeepsIt() {
        RuntimeException cause = new DeviceException("no third");
        RuntimeException atClose = new DeviceException("first cannot be closed");
        RuntimeException thrown =
                expectThrows(
                        RuntimeException.class,
                        () -> {
                            try (Owned opened = new Owned()) {
                                opened.own(failing("first", atClose));
                                opened.own(named("second"));
                                throw cause;
                            }
                        });
        assertEquals(thrown, cause);
        assertEquals(thrown.getSuppressed(), new Throwable[] {atClose});
        assertEquals(closed, List.of("second", "first"));
        closed.clear();
        try (Owned opened = new Owned()) {
            opened.own(named("kept"));
            opened.release();
        }
        assertEquals(closed, List.of());
    }
}
