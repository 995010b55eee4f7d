/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import io.offloadstream.checkpoint.Checkpoint;
import io.offloadstream.checkpoint.SafetensorsWriter;
import io.offloadstream.platform.DType;
import io.offloadstream.stream.LayerStream;
import io.offloadstream.stream.LayerStreamOptions;
import io.offloadstream.stream.StreamOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.testng.SkipException;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import org.testng.annotations.Test;

/** A checkpoint of very many tensors opens by its headers alone, which are read in few pieces. */
public class ManyTensorsTest {

    private static final int LAYERS = 200;
    private static final int TENSORS = 100_000;
    private static final long ELEMENTS = 512;
    private static final Path COUNTS = Path.of("/proc/self/io");

    /** Reads that the rest of the process may do meanwhile: classes, other tests' threads. */
    private static final long OTHER_READS = 2_000;

    private static final long OTHER_BYTES = 8_000_000;
    private static final long HOST_BYTES = 10_000_000;

    private ScratchDirectory scratch;
    private Path file;

    @BeforeClass
    public void makeCheckpoint() throws IOException {
        scratch = new ScratchDirectory("many");
        file = scratch.path().resolve("model.safetensors");
        SafetensorsWriter writer = new SafetensorsWriter();
        for (int i = 0; i < TENSORS; i++) {
            writer.add("layers." + i % LAYERS + ".experts." + i + ".weight", DType.F32, ELEMENTS);
        }
        byte[] data = new byte[Math.toIntExact(4 * ELEMENTS)];
        writer.write(file, (tensor, target) -> target.write(data));
    }

    @AfterClass(alwaysRun = true)
    public void deleteCheckpoint() {
        scratch.close();
    }

    /** What the kernel has counted for this process. */
    private static long count(String name) throws IOException {
        if (!Files.isReadable(COUNTS)) {
            throw new SkipException("this system does not count a process's reads");
        }
        return Files.readAllLines(COUNTS).stream()
                .filter(line -> line.startsWith(name + ": "))
                .mapToLong(line -> Long.parseLong(line.substring(name.length() + 2)))
                .findFirst()
                .orElseThrow();
    }

    /** Work that grows with the square of the tensors would take hours. */
    @Test(timeOut = 600_000)
    public void headersAreReadInFewPieces() throws IOException {
        long headerBytes = Files.size(file) - TENSORS * 4 * ELEMENTS;
        long reads = count("syscr");
        long bytes = count("rchar");
        Checkpoint checkpoint = Checkpoint.open(scratch.path());
        long readBytes = count("rchar") - bytes;
        assertTrue(count("syscr") - reads <= OTHER_READS, count("syscr") - reads + " reads");
        assertTrue(readBytes >= headerBytes, readBytes + " bytes are counted");
        assertTrue(readBytes <= headerBytes + OTHER_BYTES, readBytes + " bytes");
        assertEquals(checkpoint.tensors().size(), TENSORS);
    }

    @Test(timeOut = 600_000)
    public void aStreamOfItReadsNothingBeforeItsFirstPass() {
        WatchedStorage storage = new WatchedStorage();
        LayerStreamOptions options =
                new LayerStreamOptions(
                        HOST_BYTES,
                        StreamOptions.DEFAULT,
                        1,
                        LayerStreamOptions::firstNumber,
                        storage);
        try (LayerStream layers = LayerStream.open(scratch.path(), options)) {
            assertEquals(layers.layerCount(), LAYERS);
            assertEquals(storage.reads(), 0);
            int tensors = layers.runPass(0, (sum, weights, index) -> sum + weights.names().size());
            assertEquals(tensors, TENSORS);
        }
    }
}
