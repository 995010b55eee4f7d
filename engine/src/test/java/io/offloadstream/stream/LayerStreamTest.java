/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertNotNull;
import static org.testng.Assert.assertSame;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.checkpoint.Checkpoint;
import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.BudgetExceededException;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.stream.StreamOptions.Io;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.testng.annotations.Test;

/** Passes over checkpoints of unknown architecture. */
public class LayerStreamTest extends WeightFixture {

    private static final String[] TYPES = {"F32", "F64", "I64", "U8", "BOOL", "F8_E4M3"};

    private byte[] content;
    private Checkpoint checkpoint;

    private void create(long seed, int layers) throws IOException {
        Random random = new Random(seed);
        content = new byte[600_000 + random.nextInt(1000)];
        random.nextBytes(content);
        Path file = directory.resolve("model.safetensors");
        Files.write(file, content);
        Map<String, TensorEntry> entries = new HashMap<>();
        long offset = 13;
        for (int layer = 0; layer < layers; layer++) {
            for (String part : List.of("attn.1.weight", "mlp.bias")) {
                String type = TYPES[random.nextInt(TYPES.length)];
                offset = put(entries, "h." + layer + "." + part, type, file, offset);
            }
        }
        offset = put(entries, "wte.weight", "F32", file, offset);
        put(entries, "head.weight", "U8", file, offset);
        checkpoint = new Checkpoint(directory, entries);
    }

    private static long put(
            Map<String, TensorEntry> entries, String name, String type, Path file, long offset) {
        long[] shape = {5, 257};
        TensorEntry probe = new TensorEntry(name, type, shape, file, offset, 0);
        long size = 5L * 257 * probe.type().sizeBytes();
        entries.put(name, new TensorEntry(name, type, shape, file, offset, size));
        return offset + size;
    }

    private void check(String name, Tensor tensor) {
        TensorEntry entry = checkpoint.get(name);
        assertSame(tensor.type(), entry.type());
        assertEquals(tensor.shape(), entry.shape());
        byte[] actual = new byte[(int) entry.sizeBytes()];
        HostMemory.view(tensor.address(), actual.length).get(actual);
        int from = (int) entry.offset();
        assertEquals(actual, Arrays.copyOfRange(content, from, from + actual.length), name);
    }

    private LayerStreamOptions options(long memory, int batch, FaultyStorage storage) {
        return new LayerStreamOptions(
                memory, options(Io.DIRECT, 1, 2), batch, LayerStreamOptions::firstNumber, storage);
    }

    @Test(timeOut = 600_000)
    public void everyLayerHasItsTensorsInOrderHoweverTheyTravel() throws IOException {
        for (int batch = 1; batch <= 4; batch++) {
            create(batch, 11);
            FaultyStorage storage = new FaultyStorage();
            long memory = leastBytes(batch, storage) + 20_000L * (batch - 1);
            try (LayerStream stream =
                    LayerStream.open(checkpoint, options(memory, batch, storage))) {
                assertEquals(stream.layerCount(), 11);
                for (int pass = 0; pass < 3; pass++) {
                    List<Integer> seen =
                            stream.runPass(
                                    new ArrayList<Integer>(),
                                    (list, weights, index) -> {
                                        assertEquals(weights.names().size(), 2);
                                        weights.names()
                                                .forEach(name -> check(name, weights.get(name)));
                                        assertNotNull(weights.get("h." + index + ".mlp.bias"));
                                        list.add(index);
                                        return list;
                                    });
                    assertEquals(seen, List.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
                }
                assertEquals(stream.stats().compute().groups(), 3L * ((11 + batch - 1) / batch));
            }
            assertEquals(storage.open(), 0);
        }
    }

    private long leastBytes(int batch, FaultyStorage storage) {
        return expectThrows(
                        BudgetExceededException.class,
                        () -> LayerStream.open(checkpoint, options(1, batch, storage)))
                .requestedBytes();
    }

    @Test(timeOut = 600_000)
    public void staticTensorsAreReadOnceAndPushLayersOut() throws IOException {
        create(9, 12);
        FaultyStorage storage = new FaultyStorage();
        // room for most layers, and for static tensors only where layers were
        try (LayerStream stream = LayerStream.open(checkpoint, options(150_000, 1, storage))) {
            stream.runPass(0, (x, weights, index) -> x + 1);
            long resident = stream.stats().residentBytes();
            Tensor table = stream.loadStatic("wte.weight");
            check("wte.weight", table);
            check("head.weight", stream.loadStatic("head.weight"));
            assertTrue(stream.stats().residentBytes() <= resident);
            int reads = storage.reads();
            assertEquals(stream.loadStatic("wte.weight").address(), table.address());
            assertEquals(storage.reads(), reads);
            int layers = stream.runPass(0, (x, weights, index) -> x + 1);
            assertEquals(layers, 12);
            check("wte.weight", table);
            assertEquals(stream.staticNames().size(), 2);
            IllegalArgumentException e =
                    expectThrows(
                            IllegalArgumentException.class,
                            () -> stream.loadStatic("h.0.mlp.bias"));
            assertTrue(e.getMessage().contains("wte.weight"), e.getMessage());
        }
        assertEquals(storage.open(), 0);
    }

    @Test
    public void layersFollowTheFirstNumberBetweenDots() {
        assertEquals(LayerStreamOptions.firstNumber("model.layers.17.mlp.3.w"), OptionalInt.of(17));
        assertEquals(LayerStreamOptions.firstNumber("0.weight"), OptionalInt.of(0));
        assertEquals(LayerStreamOptions.firstNumber("wte.weight"), OptionalInt.empty());
        assertEquals(LayerStreamOptions.firstNumber("conv1.weight"), OptionalInt.empty());
        assertEquals(LayerStreamOptions.firstNumber("bias.3"), OptionalInt.empty());
    }

    @Test(timeOut = 600_000)
    public void aGroupingOfTheCallersOwnDecides() throws IOException {
        create(3, 4);
        LayerStreamOptions own =
                new LayerStreamOptions(
                        1_000_000,
                        options(Io.BUFFERED, 0, 1),
                        1,
                        name -> OptionalInt.of(name.startsWith("h") ? 1 : 0),
                        new FaultyStorage());
        try (LayerStream stream = LayerStream.open(checkpoint, own)) {
            assertEquals(stream.layerCount(), 2);
            stream.runPass(
                    0,
                    (x, weights, index) -> {
                        weights.names().forEach(name -> check(name, weights.get(name)));
                        assertEquals(weights.names().contains("wte.weight"), index == 0);
                        return x;
                    });
        }
    }

    @Test(timeOut = 600_000)
    public void whoeverClosesSecondWaitsForTheLayerThatStillComputes() throws Exception {
        create(12, 4);
        LayerStream stream =
                LayerStream.open(checkpoint, options(1_000_000, 1, new FaultyStorage()));
        Tensor table = stream.loadStatic("wte.weight");
        List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
        CountDownLatch computing = new CountDownLatch(1);
        CountDownLatch checked = new CountDownLatch(1);
        Thread pass =
                new Thread(
                        () ->
                                stream.runPass(
                                        0,
                                        (x, weights, index) -> {
                                            computing.countDown();
                                            await(checked);
                                            return x;
                                        }));
        pass.setUncaughtExceptionHandler((thread, e) -> {});
        pass.start();
        computing.await();
        List<Thread> closers = List.of(new Thread(stream::close), new Thread(stream::close));
        for (Thread closer : closers) {
            closer.setUncaughtExceptionHandler((thread, e) -> failures.add(e));
            closer.start();
            while (closer.isAlive() && closer.getState() != Thread.State.WAITING) {
                Thread.onSpinWait();
            }
        }
        assertEquals(failures, List.of());
        assertTrue(closers.stream().allMatch(Thread::isAlive), "closed while a layer computes");
        check("wte.weight", table);
        checked.countDown();
        for (Thread closer : closers) {
            closer.join();
        }
        pass.join();
        assertEquals(failures, List.of());
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
