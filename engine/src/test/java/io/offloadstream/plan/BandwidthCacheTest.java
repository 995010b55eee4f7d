/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.plan;

import static org.testng.Assert.assertEquals;

import io.offloadstream.platform.gpu.KernelCache;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.testng.annotations.AfterMethod;
import org.testng.annotations.BeforeMethod;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

public class BandwidthCacheTest {

    private static final Bandwidths MEASURED = new Bandwidths(1.5e9, 3.1e10, 1.2e10, 7.25e11);
    private static final String[] CARD = {"Linux", "host", "cuda:0 (card)", "/dev/sda ext4"};

    private Path folder;

    @BeforeMethod
    public void makeFolder() throws IOException {
        folder = Files.createTempDirectory("bandwidths");
    }

    @AfterMethod
    public void deleteFolder() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.delete(file);
            }
        }
    }

    private Path file() {
        return folder.resolve(KernelCache.key(CARD));
    }

    @Test
    public void returnsWhatWasStoredLast() throws IOException {
        BandwidthCache cache = new BandwidthCache(folder.resolve("made/when/needed"));
        assertEquals(cache.load(CARD), Optional.empty());
        cache.store(new Bandwidths(1, 2), CARD);
        assertEquals(cache.load(CARD), Optional.of(new Bandwidths(1, 2)), "infinities too");
        cache.store(MEASURED, CARD);
        assertEquals(cache.load(CARD), Optional.of(MEASURED));
        try (Stream<Path> files = Files.list(folder.resolve("made/when/needed"))) {
            assertEquals(files.count(), 1, "nothing partial stays");
        }
    }

    @Test
    public void anotherDeviceOrFileSystemHasItsOwn() {
        BandwidthCache cache = new BandwidthCache(folder);
        cache.store(MEASURED, CARD);
        for (int part = 0; part < CARD.length; part++) {
            String[] other = CARD.clone();
            other[part] += "1";
            assertEquals(cache.load(other), Optional.empty(), String.join(", ", other));
        }
        String[] other = {"Linux", "host", "opencl:0 (card)", "/dev/sda ext4"};
        cache.store(new Bandwidths(5, 6), other);
        assertEquals(cache.load(CARD), Optional.of(MEASURED));
    }

    /** Text of a file that is of no use. */
    @DataProvider
    public Object[][] damages() {
        return new Object[][] {
            {""},
            {"bandwidths 0\n1.0\n2.0\n3.0\n4.0\n"},
            {"bandwidths 1\n1.0\n2.0\n3.0\n"},
            {"bandwidths 1\n1.0\n2.0\n3.0\n4.0\n5.0\n"},
            {"bandwidths 1\n1.0\n2.0\nfast\n4.0\n"},
            {"bandwidths 1\n1.0\n-2.0\n3.0\n4.0\n"},
            {"bandwidths 1\n0.0\n2.0\n3.0\n4.0\n"},
            {"bandwidths 1\nNaN\n2.0\n3.0\n4.0\n"},
        };
    }

    @Test(dataProvider = "damages")
    public void aFileOfNoUseCountsAsAbsentAndIsWrittenOver(String text) throws IOException {
        BandwidthCache cache = new BandwidthCache(folder);
        Files.writeString(file(), text, StandardCharsets.UTF_8);
        assertEquals(cache.load(CARD), Optional.empty());
        cache.store(MEASURED, CARD);
        assertEquals(cache.load(CARD), Optional.of(MEASURED));
    }

    @Test
    public void bytesThatAreNoTextCountAsAbsent() throws IOException {
        Files.write(file(), new byte[] {(byte) 0xc3, 0x28, (byte) 0xff, 10});
        assertEquals(new BandwidthCache(folder).load(CARD), Optional.empty());
    }

    @Test
    public void aFolderThatCannotBeWrittenIsNoError() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        BandwidthCache cache = new BandwidthCache(file.resolve("bandwidths"));
        cache.store(MEASURED, CARD);
        assertEquals(cache.load(CARD), Optional.empty());
    }
}
