/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertNotEquals;
import static org.testng.Assert.assertThrows;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.testng.SkipException;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

public class LocalStorageTest {

    private static final int BUFFER_BYTES = 1 << 20;

    private final Storage storage = Storage.local();
    private Path folder;
    private MemoryBudget budget;

    @BeforeClass
    public void open() throws IOException {
        // Beside the classes, not in /tmp: that may be a tmpfs
        folder = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "storage");
        budget = new MemoryBudget("hostMemory", 64 << 20);
    }

    @AfterClass(alwaysRun = true)
    public void close() throws IOException {
        budget.close();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }

    private Path write(String name, byte[] bytes) throws IOException {
        return Files.write(folder.resolve(name), bytes);
    }

    private static byte[] random(long seed, int size) {
        byte[] bytes = new byte[size];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private StorageFile openOrSkip(Path path, Storage.Mode mode) throws IOException {
        try {
            return storage.open(path, mode);
        } catch (UnsupportedOperationException e) {
            throw new SkipException("no direct io here: " + e.getMessage(), e);
        }
    }

    @DataProvider
    Object[][] modes() {
        return new Object[][] {{Storage.Mode.DIRECT}, {Storage.Mode.BUFFERED}};
    }

    @Test(dataProvider = "modes")
    public void readsAreCutAtTheEndOfTheFile(Storage.Mode mode) throws IOException {
        for (int size : new int[] {0, 1, 511, 4095, 4096, 4097, 12288, 123_457}) {
            byte[] expected = random(size, size);
            Path path = write("cut-" + size, expected);
            try (StorageFile file = openOrSkip(path, mode);
                    HostMemory memory = HostMemory.allocate(budget, "test", BUFFER_BYTES)) {
                int block = Math.max(512, file.blockBytes());
                for (int offset = 0; offset <= size + 2 * block; offset += block) {
                    for (int length : new int[] {0, block, 3 * block, BUFFER_BYTES}) {
                        memory.buffer(0, BUFFER_BYTES).put(new byte[BUFFER_BYTES]);
                        int read = file.read(offset, memory.address(), length);
                        int end = Math.min(size, offset + length);
                        assertEquals(read, Math.max(0, end - offset), path + " at " + offset);
                        if (read > 0) {
                            assertEquals(
                                    bytes(memory, read),
                                    Arrays.copyOfRange(expected, offset, end),
                                    path + " at " + offset);
                        }
                    }
                }
            }
        }
    }

    private static byte[] bytes(HostMemory memory, int count) {
        byte[] bytes = new byte[count];
        memory.buffer(0, count).get(bytes);
        return bytes;
    }

    @Test
    public void bufferedReadsAnyOffsetAddressAndLength() throws IOException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        byte[] expected = random(seed, 50_000);
        Path path = write("any", expected);
        try (StorageFile file = storage.open(path, Storage.Mode.BUFFERED);
                HostMemory memory = HostMemory.allocate(budget, "test", BUFFER_BYTES)) {
            assertEquals(file.blockBytes(), 1);
            for (int i = 0; i < 500; i++) {
                int offset = random.nextInt(expected.length);
                int length = 1 + random.nextInt(expected.length - offset);
                int shift = random.nextInt(1000);
                assertEquals(file.read(offset, memory.address() + shift, length), length);
                ByteBuffer read = memory.buffer(shift, length);
                assertEquals(
                        read, ByteBuffer.wrap(expected, offset, length).slice(), "seed " + seed);
            }
        }
    }

    @Test
    public void directReadThatIsNotAlignedIsRefusedWithTheBlock() throws IOException {
        Path path = write("aligned", new byte[100_000]);
        try (StorageFile file = openOrSkip(path, Storage.Mode.DIRECT);
                HostMemory memory = HostMemory.allocate(budget, "test", BUFFER_BYTES)) {
            int block = file.blockBytes();
            assertEquals(block, Files.getFileStore(path).getBlockSize());
            long[][] requests = {{1, 0, block}, {0, 8, block}, {0, 0, block - 1}};
            for (long[] request : requests) {
                IllegalArgumentException e =
                        expectThrows(
                                IllegalArgumentException.class,
                                () ->
                                        file.read(
                                                request[0],
                                                memory.address() + request[1],
                                                (int) request[2]));
                assertTrue(e.getMessage().contains(Integer.toString(block)), e.getMessage());
            }
        }
    }

    @Test(dataProvider = "modes")
    public void manyThreadsReadOneFile(Storage.Mode mode) throws Exception {
        long seed = new Random().nextLong();
        byte[] expected = random(seed, (3 << 20) + 1234);
        Path path = write("many-" + mode, expected);
        ExecutorService pool = Executors.newFixedThreadPool(8, task -> new Thread(task, "reader"));
        try (StorageFile file = openOrSkip(path, mode)) {
            List<Callable<Void>> readers = new ArrayList<>();
            for (int t = 0; t < 8; t++) {
                Random random = new Random(seed + t);
                readers.add(() -> readAtRandom(file, expected, random));
            }
            for (Future<Void> reader : pool.invokeAll(readers)) {
                reader.get();
            }
        } catch (ExecutionException e) {
            throw new AssertionError("seed " + seed, e);
        } finally {
            pool.shutdown();
        }
    }

    private Void readAtRandom(StorageFile file, byte[] expected, Random random) throws IOException {
        int length = 64 << 10;
        try (HostMemory memory = HostMemory.allocate(budget, "test", length)) {
            for (int i = 0; i < 100; i++) {
                int offset = random.nextInt(expected.length) & -4096;
                int read = file.read(offset, memory.address(), length);
                assertEquals(read, Math.min(length, expected.length - offset));
                assertEquals(
                        memory.buffer(0, read), ByteBuffer.wrap(expected, offset, read).slice());
            }
        }
        return null;
    }

    @Test(dataProvider = "modes")
    public void whatIsNoRegularFileIsRefusedWithoutHanging(Storage.Mode mode) throws Exception {
        Path fifo = folder.resolve("fifo-" + mode);
        Path dangling = folder.resolve("dangling-" + mode);
        Files.createSymbolicLink(dangling, Path.of("nowhere"));
        assertThrows(NoSuchFileException.class, () -> storage.open(dangling, mode));
        assertThrows(NoSuchFileException.class, () -> storage.open(folder.resolve("absent"), mode));
        assertThrows(IOException.class, () -> storage.open(folder, mode));
        assertThrows(IOException.class, () -> storage.open(Path.of("/dev/zero"), mode));
        if (new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor() == 0) {
            assertThrows(IOException.class, () -> storage.open(fifo, mode));
        }
    }

    @Test(dataProvider = "modes")
    public void aLinkIsFollowed(Storage.Mode mode) throws IOException {
        byte[] expected = random(7, 5000);
        write("target-" + mode, expected);
        Path link = folder.resolve("link-" + mode);
        Files.createSymbolicLink(link, Path.of("target-" + mode));
        try (StorageFile file = openOrSkip(link, mode);
                HostMemory memory = HostMemory.allocate(budget, "test", 8192)) {
            assertEquals(file.read(0, memory.address(), 8192), 5000);
            assertEquals(bytes(memory, 5000), expected);
        }
    }

    @Test
    public void fileSystemWithoutDirectIoIsUnsupported() throws IOException {
        Path path = Path.of("/proc/self/status"); // procfs refuses O_DIRECT
        if (!Files.isRegularFile(path)) {
            throw new SkipException("no procfs");
        }
        UnsupportedOperationException e =
                expectThrows(
                        UnsupportedOperationException.class,
                        () -> storage.open(path, Storage.Mode.DIRECT));
        assertTrue(e.getMessage().contains(path.toString()), e.getMessage());
        storage.open(path, Storage.Mode.BUFFERED).close();
    }

    @Test(dataProvider = "modes")
    public void stampTellsAChangedFile(Storage.Mode mode) throws IOException {
        Path path = write("stamp-" + mode, new byte[5000]);
        try (StorageFile file = openOrSkip(path, mode)) {
            FileStamp before = file.stamp();
            assertEquals(file.stamp(), before);
            assertEquals(before, FileStamp.of(path));
            assertEquals(before.sizeBytes(), 5000);
            Files.write(path, new byte[4999]);
            assertNotEquals(file.stamp(), before, "size");
            Path other = write("other-" + mode, new byte[5000]);
            Files.setLastModifiedTime(
                    other, FileTime.from(before.modifiedNanos(), TimeUnit.NANOSECONDS));
            Files.move(other, path, StandardCopyOption.REPLACE_EXISTING);
            assertEquals(file.stamp().sizeBytes(), before.sizeBytes());
            assertNotEquals(file.stamp(), before, "another file in its place");
            Files.delete(path);
            assertThrows(IOException.class, file::stamp);
        }
    }

    @Test(dataProvider = "modes")
    public void fileCutWhileOpenReadsUpToItsNewEnd(Storage.Mode mode) throws IOException {
        byte[] expected = random(3, 40_000);
        Path path = write("shrinks-" + mode, expected);
        try (StorageFile file = openOrSkip(path, mode);
                HostMemory memory = HostMemory.allocate(budget, "test", 65536)) {
            assertEquals(file.read(0, memory.address(), 65536), 40_000);
            try (var channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
                channel.truncate(10_001);
            }
            assertEquals(file.read(0, memory.address(), 65536), 10_001);
            assertEquals(bytes(memory, 10_001), Arrays.copyOf(expected, 10_001));
            assertEquals(file.read(12288, memory.address(), 4096), 0);
        }
    }

    @Test(dataProvider = "modes")
    public void closedFileRefusesReads(Storage.Mode mode) throws IOException {
        Path path = write("closed-" + mode, new byte[5000]);
        StorageFile file = openOrSkip(path, mode);
        if (Files.exists(Path.of("/proc/self/fd"))) {
            assertEquals(OpenFiles.count(path.toString()), 1);
        }
        file.close();
        file.close();
        assertEquals(OpenFiles.count(path.toString()), 0);
        try (HostMemory memory = HostMemory.allocate(budget, "test", BUFFER_BYTES)) {
            assertThrows(ClosedChannelException.class, () -> file.read(0, memory.address(), 4096));
        }
        assertFalse(file.toString().isEmpty());
    }
}
