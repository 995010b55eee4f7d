/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.expectThrows;

import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.DeviceFile;
import io.offloadstream.platform.DeviceStorage;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.GdsMode;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.gpu.Gpu;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.testng.annotations.Test;

/** A card's own memory filled by cuFile, on both fakes. */
public class CuFileGpuTest {

    private static final int SIZE_BYTES = 3 * 4096;
    private static final int CHUNK_BYTES = 2 << 20;

    @Test
    public void whatCuFileReadsIsThereForTheStreamsOfTheCard() throws IOException {
        long seed = new Random().nextLong();
        byte[] contents = new byte[SIZE_BYTES];
        new Random(seed).nextBytes(contents);
        Path file = Files.createTempFile("ofs-gds", "");
        Files.write(file, contents);
        try (FakeCuda cuda = FakeCuda.install();
                FakeCuFile cuFile = FakeCuFile.install();
                MemoryBudget device = new MemoryBudget("deviceMemory", 16 << 20);
                MemoryBudget host = new MemoryBudget("hostMemory", 1 << 20)) {
            cuFile.set("path", 1);
            try (Gpu gpu = cuda.open();
                    DeviceStorage storage = gpu.openStorage();
                    DeviceStream stream = gpu.newStream("copies");
                    DeviceBuffer slot = gpu.allocate(device, "slot", CHUNK_BYTES);
                    HostMemory back = gpu.allocateHost(host, "back", 4096);
                    DeviceBuffer chunk =
                            storage.register(gpu.allocate(device, "chunk", CHUNK_BYTES));
                    DeviceFile opened = storage.open(file)) {
                assertEquals(storage.probe(List.of(opened), chunk).mode(), GdsMode.DIRECT);
                assertEquals(opened.read(4096, chunk, 8192, 4096), 4096);
                stream.copy(chunk.address() + 8192, slot.address(), 4096);
                stream.download(slot.address(), back.address(), 4096, 4096, 1);
                stream.synchronize();
                ByteBuffer wanted = ByteBuffer.wrap(contents, 4096, 4096);
                assertEquals(back.buffer(0, 4096).mismatch(wanted), -1, "seed " + seed);
            }
            assertEquals(cuFile.get("buffers"), 0);
            assertEquals(cuFile.get("handles"), 0);
            assertEquals(cuda.get("retained"), 0);
        } finally {
            Files.delete(file);
        }
    }

    @Test
    public void aCardWithoutCuFileSaysWhatToInstall() {
        try (FakeCuda cuda = FakeCuda.install();
                Gpu gpu = cuda.open()) {
            System.setProperty(CuFileLibrary.PATH_PROPERTY, "no-such-cufile");
            String message = expectThrows(DeviceException.class, gpu::openStorage).getMessage();
            assertEquals(message.contains("install NVIDIA's libcufile"), true, message);
        } finally {
            System.clearProperty(CuFileLibrary.PATH_PROPERTY);
        }
    }
}
