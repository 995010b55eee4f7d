/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Set;

/** The processors that kernels run on. */
public final class Processors {

    private static final Path LINUX = Path.of("/sys/devices/system/cpu");

    private static final Path STATUS = Path.of("/proc/self/status");

    private static final String ALLOWED = "Cpus_allowed_list:";

    private Processors() {}

    /**
     * Returns how many cores this process may compute on. Two hardware threads of a core share what
     * kernels wait for, so more compute threads than cores only take turns.
     *
     * @return the cores with a processor that this process may run on where the system tells
     *     (Linux), else the processors; never more than {@link Runtime#availableProcessors()},
     *     which knows of limits; at least 1
     */
    public static int cores() {
        return cores(LINUX, STATUS, Runtime.getRuntime().availableProcessors());
    }

    /**
     * Counts the sets of hardware threads below a folder as Linux lays it out, those that the
     * status of the process allows some of.
     */
    static int cores(Path folder, Path status, int processors) {
        Set<String> cores = new HashSet<>();
        try {
            addCores(folder, allowed(status), cores);
        } catch (IOException | DirectoryIteratorException | NumberFormatException e) {
            return processors; // no Linux, or one that hides it: the number without the knowledge
        }
        return cores.isEmpty() ? processors : Math.min(cores.size(), processors);
    }

    private static void addCores(Path folder, BitSet allowed, Set<String> cores)
            throws IOException {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, "cpu[0-9]*")) {
            for (Path entry : entries) {
                int number = Integer.parseInt(entry.getFileName().toString().substring(3));
                Path siblings = entry.resolve("topology/thread_siblings_list");
                boolean mayRun = allowed.isEmpty() || allowed.get(number);
                if (mayRun && Files.exists(siblings)) { // absent where the processor is offline
                    cores.add(Files.readString(siblings).strip());
                }
            }
        }
    }

    /** The processors of a list such as {@code 0-2,5}; none where the system does not tell. */
    private static BitSet allowed(Path status) throws IOException {
        BitSet allowed = new BitSet();
        // The name of the process may be in any charset.
        for (String line : Files.readAllLines(status, StandardCharsets.ISO_8859_1)) {
            if (line.startsWith(ALLOWED)) {
                for (String range : line.substring(ALLOWED.length()).strip().split(",", -1)) {
                    String[] ends = range.split("-", -1);
                    int first = Integer.parseInt(ends[0]);
                    allowed.set(first, Integer.parseInt(ends[ends.length - 1]) + 1);
                }
            }
        }
        return allowed;
    }
}
