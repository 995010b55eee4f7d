/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The files that this process has open, where the system tells. */
public final class OpenFiles {

    private OpenFiles() {}

    /**
     * Counts open descriptors.
     *
     * @param text of files whose path holds it
     * @return how many; 0 without /proc
     * @throws IOException if they cannot be listed
     */
    public static int count(String text) throws IOException {
        Path directory = Path.of("/proc/self/fd");
        if (!Files.exists(directory)) {
            return 0;
        }
        List<Path> descriptors;
        try (Stream<Path> files = Files.list(directory)) {
            descriptors = files.toList();
        }
        int open = 0;
        for (Path descriptor : descriptors) {
            if (target(descriptor).contains(text)) {
                open++;
            }
        }
        return open;
    }

    private static String target(Path descriptor) throws IOException {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (NoSuchFileException e) {
            return ""; // closed by another thread since the listing
        }
    }
}
