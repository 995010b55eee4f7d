/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import static org.testng.Assert.assertEquals;

import io.offloadstream.platform.MemoryBudget;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** What a closed model may have left behind: open or mapped files, threads, memory. */
final class Leaks {

    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
    private static final Path MAPS = Path.of("/proc/self/maps");

    private Leaks() {}

    /** Checks that no memory is reserved. */
    static void assertNone(MemoryBudget budget) {
        assertEquals(budget.usedBytes(), 0, "bytes in use: " + budget.usedByPurpose());
    }

    /** Checks that no file of a directory is open or mapped, and no thread of ours runs. */
    static void assertNone(Path directory) {
        assertEquals(openFiles(directory), List.of(), "open files");
        assertEquals(mappings(directory), List.of(), "mapped files");
        assertEquals(threads(), List.of(), "threads");
    }

    /** Open descriptors; none where the system does not tell. */
    static List<String> openFiles(Path directory) {
        List<String> open = new ArrayList<>();
        if (!Files.isDirectory(DESCRIPTORS)) {
            return open;
        }
        try (Stream<Path> descriptors = Files.list(DESCRIPTORS)) {
            for (Path descriptor : descriptors.toList()) {
                // the descriptor that lists the directory is gone by now
                if (Files.isSymbolicLink(descriptor)) {
                    String file = Files.readSymbolicLink(descriptor).toString();
                    if (file.startsWith(directory.toString())) {
                        open.add(file);
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return open;
    }

    private static List<String> mappings(Path directory) {
        if (!Files.exists(MAPS)) {
            return List.of();
        }
        try (Stream<String> lines = Files.lines(MAPS, StandardCharsets.UTF_8)) {
            return lines.filter(line -> line.contains(directory.toString())).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<String> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("ofs-"))
                .sorted()
                .toList();
    }
}
