/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import io.offloadstream.checkpoint.Checkpoint;
import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.BudgetExceededException;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.Storage;
import io.offloadstream.stream.LayerStream;
import io.offloadstream.stream.LayerStreamOptions;
import io.offloadstream.stream.LayerWeights;
import io.offloadstream.stream.StreamOptions;
import io.offloadstream.stream.StreamOptions.Io;
import io.offloadstream.stream.StreamOptions.SchedulerKind;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/**
 * Layers of checkpoints as published: a pass sees the bytes that lie in the files, all of them and
 * in order, under a budget that holds one layer.
 */
public class LayerStreamTest {

    private ScratchDirectory scratch;

    @BeforeClass
    public void open() {
        scratch = new ScratchDirectory("layers");
    }

    @AfterClass(alwaysRun = true)
    public void close() {
        scratch.close();
    }

    @DataProvider
    Object[][] cases() {
        List<Object[]> cases = new ArrayList<>();
        for (Object[] model : TestModels.all()) {
            for (Io io : new Io[] {Io.DIRECT, Io.BUFFERED, Io.MMAP}) {
                cases.add(new Object[] {model[0], io, 1});
            }
            cases.add(new Object[] {model[0], Io.DIRECT, 2});
        }
        return cases.toArray(Object[][]::new);
    }

    @Test(dataProvider = "cases", timeOut = 600_000)
    public void aPassSeesTheBytesOfTheFiles(String name, Io io, int layersPerBatch) {
        Path directory = TestModels.directory(name, scratch);
        Checkpoint checkpoint = Checkpoint.open(directory);
        long budgetBytes =
                io == Io.MMAP ? Budgets.PLENTY_BYTES : leastBytes(directory, io, layersPerBatch);
        try (LayerStream layers =
                LayerStream.open(directory, options(budgetBytes, io, layersPerBatch))) {
            for (int pass = 0; pass < 3; pass++) {
                Set<String> seen = new TreeSet<>();
                int last =
                        layers.runPass(-1, (x, weights, i) -> see(checkpoint, weights, x, i, seen));
                assertEquals(last, layers.layerCount() - 1);
                for (String each : layers.staticNames()) {
                    assertTrue(seen.add(each), each);
                }
                assertEquals(seen, checkpoint.tensors().keySet());
            }
            List<Integer> streamed = PassReads.streamed(layers.plan());
            assertEquals(PassReads.last(layers.stats()).groupsRead(), streamed);
            // two layers in one batch are all that some of these models have
            assertEquals(streamed.isEmpty(), io == Io.MMAP || layers.plan().groups().size() == 1);
        }
        Leaks.assertNone(directory.toAbsolutePath().normalize());
    }

    @Test(dataProvider = "cases", timeOut = 600_000)
    public void staticTensorsAreTheBytesOfTheFiles(String name, Io io, int layersPerBatch) {
        Path directory = TestModels.directory(name, scratch);
        Checkpoint checkpoint = Checkpoint.open(directory);
        try (LayerStream layers =
                LayerStream.open(directory, options(Budgets.PLENTY_BYTES, io, layersPerBatch))) {
            for (String each : layers.staticNames()) {
                assertSameBytes(layers.loadStatic(each), checkpoint.get(each));
            }
        }
    }

    private static int see(
            Checkpoint checkpoint, LayerWeights weights, int before, int index, Set<String> seen) {
        assertEquals(index, before + 1, "layers come in order");
        for (String each : weights.names()) {
            assertTrue(seen.add(each), each);
            assertSameBytes(weights.get(each), checkpoint.get(each));
        }
        return index;
    }

    private static void assertSameBytes(Tensor actual, TensorEntry expected) {
        assertEquals(actual.type(), expected.type(), expected.name());
        assertEquals(actual.shape(), expected.shape(), expected.name());
        int size = Math.toIntExact(expected.sizeBytes());
        ByteBuffer bytes = ByteBuffer.allocate(size);
        try (RandomAccessFile file = new RandomAccessFile(expected.file().toFile(), "r")) {
            file.seek(expected.offset());
            file.readFully(bytes.array());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        assertEquals(HostMemory.view(actual.address(), size), bytes, expected.name());
    }

    private static LayerStreamOptions options(long bytes, Io io, int layersPerBatch) {
        return new LayerStreamOptions(
                bytes,
                new StreamOptions(io, SchedulerKind.LOOKAHEAD, 0, 3, null),
                layersPerBatch,
                LayerStreamOptions::firstNumber,
                Storage.local());
    }

    /** What the refusal of a budget of one byte names. */
    private static long leastBytes(Path directory, Io io, int layersPerBatch) {
        try (LayerStream layers = LayerStream.open(directory, options(1, io, layersPerBatch))) {
            throw new AssertionError("a byte was enough for " + layers.plan());
        } catch (BudgetExceededException e) {
            return e.requestedBytes();
        }
    }
}
