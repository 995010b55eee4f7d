/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.checkpoint;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.platform.DType;
import io.offloadstream.quant.PackedWeight;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.testng.annotations.AfterMethod;
import org.testng.annotations.BeforeMethod;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** Where the escapes of rows lie is examined when a packed copy is opened. */
public class PackedEscapesTest {

    private static final int ROWS = 37;
    private static final int LEAST_BYTES = 16 + 4 * (ROWS + 1);

    private TestFolder folder;
    private PackedWeight weight;

    @BeforeMethod
    public void open() {
        folder = new TestFolder();
        weight = new PackedWeight(new Random(5), ROWS, 96);
    }

    @AfterMethod
    public void close() {
        folder.close();
    }

    /** A copy with a norm, a packed weight and what is said to be its escapes. */
    private Path write(String name, DType type, byte[] escapes) throws IOException {
        Path copy = folder.resolve("copy");
        try (PackedWriter writer = PackedWriter.open(copy, "f")) {
            writer.group(
                    "g",
                    "g.bin",
                    packed -> {
                        packed.tensor("norm", DType.BF16, 3).write(new byte[6]);
                        packed.tensor("w", DType.BF16_PACKED, ROWS, 96).write(weight.packed);
                        packed.tensor(name, type, escapes.length / type.sizeBytes()).write(escapes);
                    });
            writer.finish(Map.of());
        }
        return copy;
    }

    /** One flipped bit is refused, or leaves all rows with escapes that are in the list. */
    @Test
    public void noFlippedBitLeadsOutOfTheEscapes() throws IOException {
        Path copy = write("w.escapes", DType.U8, weight.escapes);
        TensorEntry escapes = Checkpoint.open(copy).get("w.escapes");
        Path bin = copy.resolve("g.bin");
        byte[] whole = Files.readAllBytes(bin);
        int refused = 0;
        int begin = (int) escapes.offset() + 16;
        for (int bit = 0; bit < 32 * (ROWS + 1); bit++) {
            byte[] bytes = whole.clone();
            bytes[begin + bit / 8] ^= (byte) (1 << bit % 8);
            Files.write(bin, bytes);
            try {
                Checkpoint.open(copy);
                requireInside(bytes, begin, (int) escapes.sizeBytes(), "bit " + bit);
            } catch (CheckpointException e) {
                refused++;
                String message = e.getMessage();
                assertTrue(message.startsWith(bin + ": tensor \"w.escapes\""), message);
                assertTrue(
                        message.contains("place " + bit / 32 + " of its index")
                                || message.contains("place " + (bit / 32 + 1) + " "),
                        message);
                assertTrue(message.contains("convert the model again"), message);
            }
        }
        assertTrue(refused > 30 * (ROWS + 1), refused + " refused");
    }

    private static void requireInside(byte[] bytes, int begin, int sizeBytes, String what) {
        ByteBuffer index = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).position(begin);
        int reached = LEAST_BYTES;
        for (int row = 0; row <= ROWS; row++) {
            int next = index.getInt();
            assertTrue(next >= reached && next <= sizeBytes && next % 4 == 0, what);
            reached = next;
        }
        assertEquals(reached, sizeBytes, what);
    }

    /** What is not the index is for the checksums to find. */
    @Test
    public void otherBitsAreNotLookedAt() throws IOException {
        Path copy = write("w.escapes", DType.U8, weight.escapes);
        TensorEntry escapes = Checkpoint.open(copy).get("w.escapes");
        Path bin = copy.resolve("g.bin");
        byte[] whole = Files.readAllBytes(bin);
        int first = (int) escapes.offset();
        int last = (int) (escapes.offset() + escapes.sizeBytes() - 1);
        for (int at : new int[] {0, 256, first, first + 15, first + LEAST_BYTES, last}) {
            byte[] bytes = whole.clone();
            bytes[at] ^= 0x40;
            Files.write(bin, bytes);
            Checkpoint.open(copy);
            expectThrows(CheckpointException.class, () -> Checkpoint.verify(copy));
        }
    }

    /** Its name, dtype and size, and what the message must say. */
    @DataProvider
    Object[][] others() {
        return new Object[][] {
            {"v.escapes", DType.U8, 4000, "group \"g\" has none"},
            {"w.escapes", DType.I8, 4000, "has I8 of 4000 bytes"},
            {"w.escapes", DType.U8, LEAST_BYTES - 1, "U8 of at least " + LEAST_BYTES},
            {"w.escapes", DType.U8, 4000, "has 0 at place 0 of its index"},
        };
    }

    @Test(dataProvider = "others")
    public void aPackedTensorNeedsItsEscapes(String name, DType type, int sizeBytes, String fault)
            throws IOException {
        Path copy = write(name, type, new byte[sizeBytes]);
        CheckpointException e =
                expectThrows(CheckpointException.class, () -> Checkpoint.open(copy));
        assertTrue(e.getMessage().contains("\"w"), e.getMessage());
        assertTrue(e.getMessage().contains(fault), e.getMessage());
        assertTrue(e.getMessage().contains("convert the model again"), e.getMessage());
    }

    @Test
    public void rowsOfNothingAreRefused() throws IOException {
        Path copy = folder.resolve("copy");
        try (PackedWriter writer = PackedWriter.open(copy, "f")) {
            writer.group("g", "g.bin", packed -> packed.tensor("w", DType.BF16_PACKED, 3, 0));
            writer.finish(Map.of());
        }
        CheckpointException e =
                expectThrows(CheckpointException.class, () -> Checkpoint.open(copy));
        assertTrue(e.getMessage().contains("rows of 0 weights"), e.getMessage());
    }
}
