/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.checkpoint;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import com.sun.management.ThreadMXBean;
import io.offloadstream.platform.DType;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.testng.annotations.AfterMethod;
import org.testng.annotations.BeforeMethod;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/**
 * Damages small valid checkpoints in thousands of ways. Each must give a {@link
 * CheckpointException} or entries that lie within their files and agree with themselves.
 */
public class CheckpointMutationTest {

    private static final int ROUNDS = 2500;

    /** What opening any of these files may allocate: they have less than 2 KB. */
    private static final long MAX_ALLOCATED_BYTES = 1 << 20;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private TestFolder folder;

    @BeforeMethod
    public void open() {
        folder = new TestFolder();
    }

    @AfterMethod(alwaysRun = true)
    public void close() {
        folder.close();
    }

    @DataProvider
    Object[][] layouts() {
        return new Object[][] {{"one file", 1000L}, {"shards", 60L}};
    }

    private static SafetensorsWriter checkpoint() {
        return new SafetensorsWriter()
                .add("model.embed.weight", DType.F32, 4, 3)
                .add("model.layers.0.q.weight", DType.BF16, 5, 2)
                .add("model.layers.0.q.bias", DType.F16, 5)
                .add("empty", DType.I64, 0, 2)
                .add("mask", DType.BOOL, 2, 7)
                .add("scale", DType.F64)
                .add("head", DType.F8_E4M3, 3, 9);
    }

    @Test(dataProvider = "layouts", timeOut = 600_000)
    public void damageGivesTheExceptionOrEntriesWithinTheFile(String layout, long shardBytes)
            throws IOException {
        long seed = new Random().nextLong();
        checkpoint()
                .writeShards(
                        folder.path(),
                        shardBytes,
                        (tensor, target) -> target.write(new byte[(int) tensor.sizeBytes()]));
        Map<String, byte[]> files = new TreeMap<>();
        for (String name : folder.names()) {
            files.put(name, Files.readAllBytes(folder.resolve(name)));
        }
        assertEquals(Checkpoint.open(folder.path()).tensors().size(), 7);
        int refused = 0;
        for (int round = 0; round < ROUNDS; round++) {
            Damage damage = new Damage(new Random(seed + round));
            String name = damage.pick(files.keySet());
            byte[] damaged = damage.apply(files.get(name), name.endsWith(".json"));
            folder.write(name, damaged);
            if (!opensWell(layout + ", seed " + (seed + round) + ", " + name)) {
                refused++;
            }
            folder.write(name, files.get(name));
        }
        assertTrue(refused > ROUNDS / 2, "most damage is seen: " + refused + ", seed " + seed);
        assertTrue(refused < ROUNDS, "damage to weights is not: " + refused + ", seed " + seed);
    }

    @Test(timeOut = 600_000)
    public void swappedAndMissingShardsAreSeen() throws IOException {
        checkpoint()
                .writeShards(
                        folder.path(),
                        60,
                        (tensor, target) -> target.write(new byte[(int) tensor.sizeBytes()]));
        Path one = folder.resolve("model-00001-of-00003.safetensors");
        Path two = folder.resolve("model-00002-of-00003.safetensors");
        byte[] first = Files.readAllBytes(one);
        Files.copy(two, one, StandardCopyOption.REPLACE_EXISTING);
        assertTrue(!opensWell("a copy of another shard"));
        Files.write(two, first);
        assertTrue(!opensWell("swapped shards"));
        Files.delete(two);
        assertTrue(!opensWell("missing shard"));
    }

    /** Returns false for the one exception; any other fault ends the test. */
    private boolean opensWell(String what) throws IOException {
        long before = threads.getCurrentThreadAllocatedBytes();
        Checkpoint checkpoint = null;
        try {
            checkpoint = Checkpoint.open(folder.path());
        } catch (CheckpointException e) {
            assertTrue(e.getMessage().contains(folder.path().toString()), e.getMessage());
            assertTrue(e.getMessage().length() < 4000, what + ": message too long");
        } catch (RuntimeException | Error e) {
            throw new AssertionError(what, e);
        }
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        assertTrue(allocated < MAX_ALLOCATED_BYTES, what + ": " + allocated + " bytes");
        if (checkpoint == null) {
            return false;
        }
        for (TensorEntry tensor : checkpoint.tensors().values()) {
            long end = tensor.offset() + tensor.sizeBytes();
            assertTrue(
                    tensor.offset() >= 8
                            && tensor.sizeBytes() >= 0
                            && end <= Files.size(tensor.file()),
                    what + ": " + tensor);
            assertTrue(sizeIsRight(tensor), what + ": " + tensor);
        }
        return true;
    }

    private static boolean sizeIsRight(TensorEntry tensor) {
        DType type;
        try {
            type = tensor.type();
        } catch (CheckpointException e) {
            return true; // a name of no known type: only the offsets tell the size
        }
        long elements = 1;
        for (long dimension : tensor.shape()) {
            elements *= dimension;
        }
        return elements * type.sizeBytes() == tensor.sizeBytes();
    }
}
