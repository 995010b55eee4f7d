/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.checkpoint;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertThrows;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.platform.DType;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.testng.annotations.AfterMethod;
import org.testng.annotations.BeforeMethod;
import org.testng.annotations.Test;

public class SafetensorsWriterTest {

    private TestFolder folder;

    @BeforeMethod
    public void open() {
        folder = new TestFolder();
    }

    @AfterMethod(alwaysRun = true)
    public void close() {
        folder.close();
    }

    /** The bytes of a tensor, the same each time they are asked for. */
    private static byte[] bytes(TensorEntry tensor) {
        byte[] bytes = new byte[(int) tensor.sizeBytes()];
        new Random(tensor.name().hashCode()).nextBytes(bytes);
        return bytes;
    }

    private static SafetensorsWriter five() {
        return new SafetensorsWriter()
                .add("wide", DType.F64, 3)
                .add("model.layers.0.weight \"quoted\" größe", DType.BF16, 5, 7)
                .add("empty", DType.F32, 0, 4)
                .add("scalar", DType.U8)
                .add("last", DType.I16, 1, 3);
    }

    private static void assertHolds(Checkpoint checkpoint) throws IOException {
        assertEquals(checkpoint.tensors().size(), 5);
        assertEquals(
                checkpoint.get("model.layers.0.weight \"quoted\" größe").shape(),
                new long[] {5, 7});
        assertEquals(checkpoint.get("scalar").shape().length, 0);
        for (TensorEntry tensor : checkpoint.tensors().values()) {
            byte[] file = Files.readAllBytes(tensor.file());
            int offset = (int) tensor.offset();
            assertEquals(
                    Arrays.copyOfRange(file, offset, offset + (int) tensor.sizeBytes()),
                    bytes(tensor),
                    tensor.name());
        }
    }

    @Test
    public void whatIsWrittenIsRead() throws IOException {
        Path file = folder.resolve("model.safetensors");
        List<String> asked = new ArrayList<>();
        five().write(
                        file,
                        (tensor, target) -> {
                            asked.add(tensor.name());
                            byte[] bytes = bytes(tensor);
                            for (int i = 0; i < bytes.length; i++) { // in pieces of both kinds
                                if (i % 3 == 0) {
                                    target.write(bytes[i]);
                                } else {
                                    target.write(bytes, i, 1);
                                }
                            }
                        });
        assertEquals(asked.size(), 5);
        assertEquals(asked.get(0), "wide");
        assertEquals(asked.get(4), "last");
        Checkpoint checkpoint = Checkpoint.open(file);
        assertHolds(checkpoint);
        assertEquals(checkpoint.get("wide").offset() % 8, 0, "data starts at a multiple of 8");
        assertEquals(folder.names(), List.of("model.safetensors"));
        assertHolds(Checkpoint.open(folder.path()));
    }

    @Test
    public void shardsAreFilledInOrderAndIndexed() throws IOException {
        five().writeShards(folder.path(), 71, (tensor, target) -> target.write(bytes(tensor)));
        assertEquals(
                folder.names(),
                List.of(
                        "model-00001-of-00003.safetensors",
                        "model-00002-of-00003.safetensors",
                        "model-00003-of-00003.safetensors",
                        "model.safetensors.index.json"));
        Checkpoint checkpoint = Checkpoint.open(folder.path());
        assertHolds(checkpoint);
        assertEquals(
                checkpoint.get("scalar").file(),
                folder.resolve("model-00002-of-00003.safetensors"));
        assertTrue(
                Files.readString(folder.resolve("model.safetensors.index.json"))
                        .contains("\"total_size\": 101"));
    }

    @Test
    public void whatFitsOneShardNeedsNoIndex() throws IOException {
        five().writeShards(folder.path(), 101, (tensor, target) -> target.write(bytes(tensor)));
        assertEquals(folder.names(), List.of("model.safetensors"));
        assertHolds(Checkpoint.open(folder.path()));
    }

    @Test
    public void failureLeavesTheFileThatWasThere() throws IOException {
        Path file = folder.write("model.safetensors", "before");
        IOException failure = new IOException("on purpose");
        assertEquals(
                expectThrows(
                        IOException.class,
                        () ->
                                five().write(
                                                file,
                                                (tensor, target) -> {
                                                    if (tensor.name().equals("last")) {
                                                        throw failure;
                                                    }
                                                    target.write(bytes(tensor));
                                                })),
                failure);
        assertEquals(folder.names(), List.of("model.safetensors"));
        assertEquals(Files.readString(file), "before");
        assertThrows(
                NoSuchFileException.class,
                () -> five().write(folder.resolve("absent/x"), (tensor, target) -> {}));
    }

    @Test
    public void dataOfTheWrongSizeIsRefused() {
        Path file = folder.resolve("model.safetensors");
        SafetensorsWriter writer = new SafetensorsWriter().add("t", DType.F32, 2);
        for (int size : new int[] {0, 7, 9}) {
            IllegalArgumentException e =
                    expectThrows(
                            IllegalArgumentException.class,
                            () -> writer.write(file, (t, target) -> target.write(new byte[size])));
            assertTrue(e.getMessage().contains("t F32[2]"), e.getMessage());
        }
        assertEquals(folder.names(), List.of());
    }

    @Test
    public void impossibleTensorsAreRefused() {
        SafetensorsWriter writer = new SafetensorsWriter().add("t", DType.F32, 2);
        Class<IllegalArgumentException> refused = IllegalArgumentException.class;
        assertThrows(refused, () -> writer.add("t", DType.F32, 2));
        assertThrows(refused, () -> writer.add("__metadata__", DType.F32, 2));
        assertThrows(refused, () -> writer.add("u", DType.F32, 2, -1));
        assertThrows(refused, () -> writer.add("u", DType.F32, 1L << 32, 1L << 31));
        assertThrows(refused, () -> writer.add("u", DType.F32, new long[65]));
        assertThrows(refused, () -> writer.add("u", DType.U8, Long.MAX_VALUE));
        writer.add("u", DType.U8, 1);
    }

    @Test
    public void aWriteLargerThanAChunkArrivesWhole() throws IOException {
        Path file = folder.resolve("big.safetensors");
        byte[] bytes = new byte[(5 << 20) + 13];
        new Random(5).nextBytes(bytes);
        new SafetensorsWriter()
                .add("big", DType.U8, bytes.length - 2)
                .write(file, (t, target) -> writeFrom(bytes, target));
        TensorEntry big = Checkpoint.open(file).get("big");
        byte[] written = Files.readAllBytes(file);
        assertTrue(
                Arrays.equals(
                        written, (int) big.offset(), written.length, bytes, 1, bytes.length - 1));
    }

    private static void writeFrom(byte[] bytes, OutputStream target) throws IOException {
        target.write(bytes, 1, bytes.length - 2);
    }
}
