/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.testng.SkipException;

/** The mappings of this process, on Linux. */
final class Mappings {

    private Mappings() {}

    static void requireHugePages() {
        if (!Files.exists(Path.of("/sys/kernel/mm/transparent_hugepage"))) {
            throw new SkipException("this system has no transparent huge pages");
        }
    }

    static int count() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/maps")).size();
    }

    /** The flags of the mapping that an address lies in, as proc(5) has them. */
    static String flagsAt(long address) throws IOException {
        boolean isInside = false;
        for (String line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
            String[] range = line.split("[- ]", 3);
            if (range[0].matches("[0-9a-f]+")) {
                isInside =
                        Long.parseUnsignedLong(range[0], 16) <= address
                                && address < Long.parseUnsignedLong(range[1], 16);
            } else if (isInside && line.startsWith("VmFlags:")) {
                return line;
            }
        }
        return "no mapping";
    }
}
