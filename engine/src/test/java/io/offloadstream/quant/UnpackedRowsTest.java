/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.quant;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.checkpoint.CheckpointException;
import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.PackedBf16;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.testng.annotations.AfterMethod;
import org.testng.annotations.BeforeMethod;
import org.testng.annotations.Test;

/** A losslessly packed matrix read as what it was packed from. */
public class UnpackedRowsTest {

    private static final int OFFSET = 512;
    private static final long SEED = 21;

    private final PackedWeight weight = new PackedWeight(new Random(SEED), 37, 192);
    private Path file;

    @BeforeMethod
    public void create() throws IOException {
        file = Files.createTempFile("packed", ".bin");
    }

    @AfterMethod
    public void delete() throws IOException {
        Files.delete(file);
    }

    private TensorRows rows(SourceFiles files, byte[] escapes) throws IOException {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        content.write(new byte[OFFSET]);
        content.write(weight.packed);
        content.write(escapes);
        Files.write(file, content.toByteArray());
        TensorEntry packed =
                new TensorEntry(
                        "w",
                        DType.BF16_PACKED,
                        new long[] {weight.rows, weight.columns},
                        file,
                        OFFSET,
                        weight.packed.length);
        long[] shape = {escapes.length};
        TensorEntry beside =
                new TensorEntry(
                        "w.escapes",
                        DType.U8,
                        shape,
                        file,
                        OFFSET + weight.packed.length,
                        escapes.length);
        return files.unpacked(packed, beside);
    }

    @Test
    public void anyRowsComeBackBitForBit() throws IOException {
        assertTrue(weight.escapeCount > 10, "" + weight.escapeCount);
        try (SourceFiles files = new SourceFiles()) {
            TensorRows rows = rows(files, weight.escapes);
            assertEquals(rows.type(), DType.BF16);
            assertEquals(rows.rowBytes(), 2 * weight.columns);
            for (int begin = 0; begin < weight.rows; begin++) {
                for (int end = begin + 1; end <= weight.rows; end++) {
                    int from = begin * rows.rowBytes();
                    int to = end * rows.rowBytes();
                    byte[] read = new byte[to - from];
                    rows.read(begin, end - begin, read);
                    String where = "seed " + SEED + ", rows " + begin + " to " + end;
                    assertEquals(read, Arrays.copyOfRange(weight.plain, from, to), where);
                }
            }
        }
    }

    /** Opening a copy examines its index; here it changes after that. */
    @Test
    public void anIndexThatDescendsIsRefused() throws IOException {
        for (int row : new int[] {0, weight.rows / 2, weight.rows}) {
            for (int delta : new int[] {-400, 2, 4000}) {
                byte[] damaged = weight.escapes.clone();
                ByteBuffer index = ByteBuffer.wrap(damaged).order(ByteOrder.LITTLE_ENDIAN);
                int at = PackedBf16.TABLE_BYTES + row * Integer.BYTES;
                index.putInt(at, index.getInt(at) + delta);
                try (SourceFiles files = new SourceFiles()) {
                    TensorRows rows = rows(files, damaged);
                    byte[] target = new byte[weight.plain.length];
                    CheckpointException e =
                            expectThrows(
                                    CheckpointException.class,
                                    () -> rows.read(0, weight.rows, target));
                    assertTrue(e.getMessage().contains("w.escapes"), e.getMessage());
                }
            }
        }
    }
}
