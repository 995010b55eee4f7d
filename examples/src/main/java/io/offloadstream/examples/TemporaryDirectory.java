/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A directory that is removed when it is closed, and at the latest when the JVM ends. */
final class TemporaryDirectory implements AutoCloseable {

    private final Path path;
    private final Thread hook;
    private boolean removed;

    private TemporaryDirectory(Path path) {
        this.path = path;
        hook = new Thread(this::remove, "remove " + path.getFileName());
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /**
     * Makes a directory where the JVM keeps temporary files.
     *
     * @param prefix of its name
     * @return the directory
     * @throws UncheckedIOException if it cannot be made
     */
    static TemporaryDirectory create(String prefix) {
        try {
            return new TemporaryDirectory(Files.createTempDirectory(prefix));
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "no temporary directory could be made under "
                            + System.getProperty("java.io.tmpdir")
                            + " (-Djava.io.tmpdir chooses another place)",
                    e);
        }
    }

    /** Returns where it is. */
    Path path() {
        return path;
    }

    private synchronized void remove() {
        if (removed) {
            return;
        }
        removed = true;
        try (Stream<Path> files = Files.walk(path)) {
            List<Path> deepestFirst = files.sorted(Comparator.reverseOrder()).toList();
            for (Path file : deepestFirst) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("temporary files stay behind in " + path, e);
        }
    }

    /**
     * Removes the directory with all that is in it.
     *
     * @throws UncheckedIOException if something in it cannot be removed
     */
    @Override
    public void close() {
        remove();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            return; // The JVM is ending already, and its hook finds nothing left to do.
        }
    }
}
