/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import com.sun.jna.Platform;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.OptionalLong;
import org.testng.SkipException;
import org.testng.annotations.Test;

public class PageCacheTest {

    private static final int SIZE_BYTES = 3 << 20;

    @Test
    public void whatIsReadIsCachedUntilItIsDropped() throws IOException {
        if (!Platform.isLinux()) {
            throw new SkipException("no mincore elsewhere than on Linux");
        }
        // Beside the classes, not in /tmp: that may be a tmpfs, which cannot forget
        Path file = Files.createTempFile(Path.of("target").toAbsolutePath(), "cached", "");
        try {
            Files.write(file, new byte[SIZE_BYTES]);
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.force(true);
            }
            PageCache.drop(file);
            long dropped = PageCache.residentBytes(file).orElseThrow();
            assertTrue(dropped < SIZE_BYTES, dropped + " bytes stayed");
            assertEquals(Files.readAllBytes(file).length, SIZE_BYTES);
            assertEquals(PageCache.residentBytes(file), OptionalLong.of(SIZE_BYTES));
        } finally {
            Files.delete(file);
        }
    }

    @Test
    public void anEmptyFileHasNothingCached() throws IOException {
        Path file = Files.createTempFile("ofs-empty", "");
        try {
            boolean linux = Platform.isLinux();
            OptionalLong none = linux ? OptionalLong.of(0) : OptionalLong.empty();
            assertEquals(PageCache.residentBytes(file), none);
        } finally {
            Files.delete(file);
        }
    }

    @Test
    public void readCallsAndMemoryOfThisProcessAreCounted() throws IOException {
        if (!Platform.isLinux()) {
            throw new SkipException("no /proc elsewhere than on Linux");
        }
        Path file = Files.createTempFile("ofs-read", "");
        try {
            Files.write(file, new byte[SIZE_BYTES]);
            long before = ProcessCounters.readCallBytes().orElseThrow();
            Files.readAllBytes(file);
            long moved = ProcessCounters.readCallBytes().orElseThrow() - before;
            assertTrue(moved >= SIZE_BYTES, moved + " bytes counted");
            long resident = ProcessCounters.residentBytes().orElseThrow();
            assertTrue(resident > 10 << 20, "a JVM in " + resident + " bytes");
            assertEquals(
                    ProcessCounters.find(Path.of("/proc/self/status"), "NoSuchThing:"),
                    OptionalLong.empty());
        } finally {
            Files.delete(file);
        }
    }
}
