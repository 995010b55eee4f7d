/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.DeviceFile;
import io.offloadstream.platform.GdsMode;
import io.offloadstream.platform.GdsStatus;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.OpenFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.testng.annotations.AfterMethod;
import org.testng.annotations.BeforeMethod;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** The whole way through JNA into a C library that poses as cuFile. */
public class CuFileStorageTest {

    private static final int FILE_BYTES = 3 * (1 << 20) + 1234;
    private static final int CHUNK_BYTES = 1 << 20;

    private MemoryBudget budget;
    private FakeCuFile fake;
    private Path directory;
    private Path file;
    private byte[] contents;
    private long seed;

    @BeforeMethod
    public void create() throws IOException {
        fake = FakeCuFile.install();
        budget = new MemoryBudget("deviceMemory", 64 << 20);
        directory = Files.createTempDirectory("ofs-gds-");
        seed = new Random().nextLong();
        contents = new byte[FILE_BYTES];
        new Random(seed).nextBytes(contents);
        file = Files.write(directory.resolve("weights"), contents);
    }

    @AfterMethod(alwaysRun = true)
    public void delete() throws IOException {
        if (fake != null) {
            fake.close();
            budget.close();
            Files.deleteIfExists(directory.resolve("stats"));
            Files.delete(file);
            Files.delete(directory);
        }
    }

    @DataProvider
    public static Object[][] modes() {
        // path of the fake, posix reads among the others, the mode that must be said
        return new Object[][] {
            {0, 0, GdsMode.COMPAT, "cuFile counted"},
            {1, 0, GdsMode.DIRECT, "all by nvidia-fs"},
            {2, 0, GdsMode.DIRECT, "all by PCI P2PDMA"},
            {1, 3, GdsMode.COMPAT, "through host memory"},
        };
    }

    @Test(dataProvider = "modes")
    public void bytesArriveAndTheModeIsWhatWasCounted(
            int path, int posixEvery, GdsMode mode, String reason) throws IOException {
        fake.set("path", path).set("posix_every", posixEvery).set("allow_compat", 1);
        GdsStatus status;
        try (CuFileStorage storage = open();
                DeviceBuffer chunk = storage.register(memory());
                DeviceFile opened = storage.open(file)) {
            storage.probe(List.of(opened), chunk);
            for (long offset = 0; offset < FILE_BYTES; offset += CHUNK_BYTES) {
                int count = opened.read(offset, chunk, 0, CHUNK_BYTES);
                assertEquals(count, (int) Math.min(CHUNK_BYTES, FILE_BYTES - offset));
                assertBytes(chunk, offset, count);
            }
            status = storage.status();
        }
        assertEquals(status.mode(), mode, status.reason());
        assertTrue(status.reason().contains(reason), status.reason());
        assertClean(1);
    }

    @Test
    public void aModeThatWasProvedIsLostWhenLaterReadsGoThroughTheHost() throws IOException {
        fake.set("path", 1).set("allow_compat", 1);
        try (CuFileStorage storage = open();
                DeviceBuffer chunk = storage.register(memory());
                DeviceFile opened = storage.open(file)) {
            assertEquals(storage.probe(List.of(opened), chunk).mode(), GdsMode.DIRECT);
            opened.read(0, chunk, 0, 4096);
            assertEquals(storage.status().mode(), GdsMode.DIRECT);
            fake.set("path", 0);
            opened.read(0, chunk, 0, 4096);
            fake.set("path", 1);
            assertEquals(storage.status().mode(), GdsMode.COMPAT);
            opened.read(0, chunk, 0, 4096);
            assertEquals(storage.status().mode(), GdsMode.COMPAT, "once lost, never regained");
        }
    }

    @Test
    public void whatTheLibraryTakesOfTheCardIsLimitedBeforeItOpens() throws IOException {
        open().close();
        assertEquals(fake.get("cache_kib"), 4096, "128 MiB if nobody says");
    }

    @Test
    public void aLibraryThatRefusesTheLimitIsUsedAllTheSame() throws IOException {
        fake.set("cache_error", 5011);
        open().close();
        assertEquals(fake.get("driver_opens"), 1);
        assertEquals(fake.get("cache_kib"), 0);
    }

    @Test
    public void shortReadsGoOnFromWholeBlocks() throws IOException {
        fake.set("path", 1).set("short_bytes", 10_000);
        try (CuFileStorage storage = open();
                DeviceBuffer chunk = storage.register(memory());
                DeviceFile opened = storage.open(file)) {
            assertEquals(opened.read(8192, chunk, 4096, 50_000 & -4096), 50_000 & -4096);
            ByteBuffer read = HostMemory.view(chunk.address() + 4096, 50_000 & -4096);
            for (int i = 0; i < read.capacity(); i++) {
                assertEquals(read.get(i), contents[8192 + i], "seed " + seed + ", byte " + i);
            }
        }
        assertEquals(fake.get("reads"), 6, "49152 bytes, 8192 whole of each 10000 that came");
    }

    @Test
    public void aFailedReadSaysWhy() throws IOException {
        fake.set("path", 1).set("read_error_after", 1).set("read_errno", 5);
        try (CuFileStorage storage = open();
                DeviceBuffer chunk = storage.register(memory());
                DeviceFile opened = storage.open(file)) {
            opened.read(0, chunk, 0, 4096);
            String system = failedRead(opened, chunk);
            assertTrue(system.contains("weights (gds)"), system);
            assertTrue(system.contains("errno 5"), system);
            fake.set("read_errno", 5048); // codes of cuFile come by errno too
            assertTrue(failedRead(opened, chunk).contains("5048"));
            fake.set("read_errno", 0).set("read_error", 5011);
            assertTrue(failedRead(opened, chunk).contains("the CUDA driver failed"));
        }
        assertClean(1);
    }

    private static String failedRead(DeviceFile opened, DeviceBuffer chunk) {
        return expectThrows(IOException.class, () -> opened.read(4096, chunk, 0, 4096))
                .getMessage();
    }

    @Test
    public void aDriverThatDoesNotOpenIsUnavailableWithTheReason() {
        fake.set("open_error", 5011).set("open_cuda", 35);
        String message = expectThrows(DeviceException.class, this::open).getMessage();
        assertTrue(message.contains("the CUDA driver failed"), message);
        assertTrue(message.contains("CUDA error 35"), message);
        fake.set("open_error", 0);
        open().close();
        assertEquals(fake.get("driver_opens"), 2);
        assertEquals(fake.get("driver_closes"), 1);
    }

    @Test
    public void aLibraryThatIsNotThereIsUnavailableWithTheRemedy() {
        System.setProperty(CuFileLibrary.PATH_PROPERTY, directory.resolve("none.so").toString());
        String message = expectThrows(DeviceException.class, this::open).getMessage();
        assertTrue(message.contains("install NVIDIA's libcufile"), message);
    }

    @Test
    public void aRefusedFileIsClosedAndARefusedBufferIsFreed() throws IOException {
        fake.set("handle_error", 5008).set("buffer_error", 5016);
        try (CuFileStorage storage = open()) {
            String refused =
                    expectThrows(DeviceException.class, () -> storage.open(file)).getMessage();
            assertTrue(refused.contains(file + " cannot be read by cuFile"), refused);
            assertTrue(refused.contains("allow_compat_mode"), refused);
            String full =
                    expectThrows(DeviceException.class, () -> storage.register(memory()))
                            .getMessage();
            assertTrue(full.contains("deviceSlots"), full);
            assertEquals(budget.usedBytes(), 0);
        }
        assertEquals(OpenFiles.count(file.toString()), 0);
    }

    @Test
    public void memoryIsDeregisteredBeforeItIsFreed() {
        try (CuFileStorage storage = open()) {
            DeviceBuffer memory = memory();
            DeviceBuffer watched =
                    new DeviceBuffer() {
                        @Override
                        public long address() {
                            return memory.address();
                        }

                        @Override
                        public long sizeBytes() {
                            return memory.sizeBytes();
                        }

                        @Override
                        public void close() {
                            assertEquals(fake.get("buffers"), 0, "still registered when freed");
                            memory.close();
                        }
                    };
            DeviceBuffer registered = storage.register(watched);
            assertEquals(fake.get("buffers"), 1);
            registered.close();
            registered.close();
        }
        assertClean(0);
    }

    @Test
    public void twoUsersShareTheDriver() {
        CuFileStorage first = open();
        CuFileStorage second = open();
        assertEquals(fake.get("driver_opens"), 1);
        first.close();
        first.close();
        assertEquals(fake.get("driver_closes"), 0);
        second.close();
        assertEquals(fake.get("driver_closes"), 1);
    }

    @Test
    public void anOldLibraryIsDirectOnlyIfNvidiaFsSaysSo() throws IOException {
        fake.close();
        fake = FakeCuFile.installOld();
        fake.set("path", 1).set("nvfs_major", 2).set("nvfs_minor", 17).set("control_flags", 2);
        try (CuFileStorage storage = open();
                DeviceBuffer chunk = storage.register(memory());
                DeviceFile opened = storage.open(file)) {
            assertEquals(storage.probe(List.of(opened), chunk).mode(), GdsMode.COMPAT);
            assertTrue(storage.facts().contains("allow_compat_mode: yes"), "" + storage.facts());
            assertTrue(storage.facts().get(0).startsWith("cuFile: before 1.8"));
        }
        fake.set("control_flags", 0); // compat mode off: what is read is direct
        try (CuFileStorage storage = open();
                DeviceBuffer chunk = storage.register(memory());
                DeviceFile opened = storage.open(file)) {
            assertEquals(storage.probe(List.of(opened), chunk).mode(), GdsMode.DIRECT);
        }
    }

    @Test
    public void theContextIsMadeCurrentBeforeTheLibraryIsUsed() throws IOException {
        int[] calls = {0};
        try (CuFileStorage storage = CuFileStorage.open(() -> calls[0]++)) {
            assertEquals(calls[0], 1);
            try (DeviceBuffer chunk = storage.register(memory());
                    DeviceFile opened = storage.open(file)) {
                assertEquals(calls[0], 3);
                opened.read(0, chunk, 0, 4096);
                assertEquals(calls[0], 4);
            }
        }
        assertFalse(calls[0] < 5, "deregistered without a context");
    }

    private CuFileStorage open() {
        return CuFileStorage.open(() -> {});
    }

    private DeviceBuffer memory() {
        return HostMemory.allocate(budget, "chunk", CHUNK_BYTES);
    }

    private void assertBytes(DeviceBuffer chunk, long offset, int count) {
        ByteBuffer read = HostMemory.view(chunk.address(), count);
        ByteBuffer wanted = ByteBuffer.wrap(contents, (int) offset, count);
        assertEquals(read.mismatch(wanted), -1, "seed " + seed + ", at " + offset);
    }

    private void assertClean(int handles) {
        assertEquals(fake.get("handles_ever"), handles);
        assertEquals(fake.get("handles"), 0, "handles left registered");
        assertEquals(fake.get("buffers"), 0, "buffers left registered");
        assertEquals(fake.get("misuses"), 0);
        assertEquals(fake.get("driver_closes"), fake.get("driver_opens"));
    }
}
