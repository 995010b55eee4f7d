/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertThrows;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import com.sun.jna.Platform;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.Random;
import java.util.stream.Stream;
import org.testng.SkipException;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import org.testng.annotations.Test;

public class MappedFileTest {

    private Path folder;

    @BeforeClass
    public void open() throws IOException {
        if (Platform.isWindows()) {
            throw new SkipException("mapping needs a POSIX system");
        }
        folder = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "mapped");
    }

    @AfterClass(alwaysRun = true)
    public void close() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private static boolean isMapped(Path path) throws IOException {
        return Files.readString(Path.of("/proc/self/maps")).contains(path.toString());
    }

    @Test
    public void aLargeFileAsksForHugePages() throws IOException {
        Mappings.requireHugePages();
        Path path = Files.write(folder.resolve("large"), new byte[2 << 20]);
        try (MappedFile mapped = Storage.local().map(path)) {
            String flags = Mappings.flagsAt(mapped.address());
            assertTrue(flags.contains(" hg "), flags);
        }
    }

    @Test
    public void theWholeFileIsThereUntilClosed() throws IOException {
        for (int size : new int[] {1, 4095, 4096, 100_001}) {
            byte[] expected = new byte[size];
            new Random(size).nextBytes(expected);
            Path path = Files.write(folder.resolve("file-" + size), expected);
            MappedFile mapped = Storage.local().map(path);
            assertEquals(mapped.sizeBytes(), size);
            assertEquals(mapped.address() % 4096, 0);
            assertEquals(
                    HostMemory.view(mapped.address(), size), ByteBuffer.wrap(expected), "" + size);
            if (Platform.isLinux()) {
                assertTrue(isMapped(path));
            }
            mapped.close();
            mapped.close();
            if (Platform.isLinux()) {
                assertFalse(isMapped(path));
            }
        }
    }

    @Test
    public void fileBeyondTwoGigabytesIsMapped() throws IOException {
        Path path = folder.resolve("sparse");
        long size = (5L << 30) + 3;
        try (FileChannel channel =
                FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[] {41, 42, 43}), size - 3);
        }
        try (MappedFile mapped = Storage.local().map(path)) {
            assertEquals(mapped.sizeBytes(), size);
            assertEquals(HostMemory.view(mapped.address() + size - 2, 2).get(0), 42);
            assertEquals(HostMemory.view(mapped.address() + (3L << 30), 1).get(0), 0);
        }
    }

    @Test
    public void namesBeyondAsciiAndLinksAreFollowed() throws IOException {
        Path path;
        try {
            path = folder.resolve("größe 層");
        } catch (InvalidPathException e) {
            throw new SkipException("this locale has only ASCII file names", e);
        }
        Files.write(path, new byte[] {7});
        Path link = Files.createSymbolicLink(folder.resolve("link"), path);
        try (MappedFile mapped = Storage.local().map(link)) {
            assertEquals(HostMemory.view(mapped.address(), 1).get(0), 7);
        }
    }

    @Test
    public void whatCannotBeMappedIsAnIoException() throws Exception {
        Path empty = Files.createFile(folder.resolve("empty"));
        IOException e = expectThrows(IOException.class, () -> Storage.local().map(empty));
        assertTrue(e.getMessage().contains("empty, so"), e.getMessage());
        assertThrows(
                NoSuchFileException.class, () -> Storage.local().map(folder.resolve("absent")));
        assertThrows(IOException.class, () -> Storage.local().map(folder));
        Path fifo = folder.resolve("fifo");
        if (new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor() == 0) {
            assertThrows(IOException.class, () -> Storage.local().map(fifo));
        }
    }

    @Test
    public void mappingManyTimesLeavesNoDescriptor() throws IOException {
        if (!Platform.isLinux()) {
            throw new SkipException("no /proc/self/fd");
        }
        Path path = Files.write(folder.resolve("many"), new byte[10]);
        try (FileChannel channel = FileChannel.open(path)) {
            assertEquals(OpenFiles.count(path.toString()), 1, channel + " is seen");
        }
        for (int i = 0; i < 50; i++) {
            Storage.local().map(path).close();
        }
        assertEquals(OpenFiles.count(path.toString()), 0);
    }
}
