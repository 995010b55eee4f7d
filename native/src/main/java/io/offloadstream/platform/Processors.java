/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/** The processors that kernels run on. */
public final class Processors {

    private static final Path LINUX = Path.of("/sys/devices/system/cpu");

    private Processors() {}

    /**
     * Returns how many cores this process may compute on. Two hardware threads of a core share what
     * kernels wait for, so more compute threads than cores only take turns.
     *
     * @return the cores of the machine where the system tells (Linux), else its processors; never
     *     more than {@link Runtime#availableProcessors()}, which knows of limits; at least 1
     */
    public static int cores() {
        return cores(LINUX, Runtime.getRuntime().availableProcessors());
    }

    /** Counts the sets of hardware threads below a folder as Linux lays it out. */
    static int cores(Path folder, int processors) {
        Set<String> cores = new HashSet<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, "cpu[0-9]*")) {
            for (Path entry : entries) {
                Path siblings = entry.resolve("topology/thread_siblings_list");
                if (Files.exists(siblings)) { // absent where the processor is offline
                    cores.add(Files.readString(siblings).strip());
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            return processors; // no Linux, or one that hides it: the number without the knowledge
        }
        return cores.isEmpty() ? processors : Math.min(cores.size(), processors);
    }
}
