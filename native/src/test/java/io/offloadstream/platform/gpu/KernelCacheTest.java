/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.gpu;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertNotEquals;
import static org.testng.Assert.assertNull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.testng.annotations.AfterMethod;
import org.testng.annotations.BeforeMethod;
import org.testng.annotations.Test;

/** The files of compiled kernels: whole or absent. */
public class KernelCacheTest {

    private Path folder;

    @BeforeMethod
    public void makeFolder() throws IOException {
        folder = Files.createTempDirectory("kernel-cache");
    }

    @AfterMethod(alwaysRun = true)
    public void deleteFolder() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.delete(file);
            }
        }
    }

    @Test
    public void returnsWhatWasStored() throws IOException {
        KernelCache cache = new KernelCache(folder.resolve("made/when/needed"));
        String key = KernelCache.key("source", "options");
        assertNull(cache.load(key));
        cache.store(key, new byte[] {1, 2, 3});
        assertEquals(cache.load(key), new byte[] {1, 2, 3});
        cache.store(key, new byte[] {4});
        assertEquals(cache.load(key), new byte[] {4});
        try (Stream<Path> files = Files.list(folder.resolve("made/when/needed"))) {
            assertEquals(files.count(), 1, "nothing partial stays");
        }
    }

    @Test
    public void damagedFileCountsAsAbsent() throws IOException {
        KernelCache cache = new KernelCache(folder);
        String key = KernelCache.key("source");
        cache.store(key, new byte[] {1, 2, 3});
        byte[] file = Files.readAllBytes(folder.resolve(key));
        file[file.length - 2] ^= 1;
        Files.write(folder.resolve(key), file);
        assertNull(cache.load(key));
        Files.write(folder.resolve(key), new byte[5]);
        assertNull(cache.load(key));
        cache.store(key, new byte[] {1, 2, 3});
        assertEquals(cache.load(key), new byte[] {1, 2, 3});
    }

    @Test
    public void keysTellPartsApart() {
        assertNotEquals(KernelCache.key("ab", "c"), KernelCache.key("a", "bc"));
        assertEquals(KernelCache.key("ab", "c"), KernelCache.key("ab", "c"));
    }

    @Test
    public void folderThatCannotBeWrittenIsNoError() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        KernelCache cache = new KernelCache(file.resolve("kernels"));
        cache.store(KernelCache.key("source"), new byte[] {1});
        assertNull(cache.load(KernelCache.key("source")));
    }

    @Test
    public void folderFollowsPropertyThenXdgThenHome() {
        assertEquals(KernelCache.userFolder("/p", "/x", "/h"), Path.of("/p"));
        assertEquals(KernelCache.userFolder(null, "/x", "/h"), Path.of("/x/offloadstream"));
        assertEquals(KernelCache.userFolder("", "x", "/h"), Path.of("/h/.cache/offloadstream"));
    }
}
