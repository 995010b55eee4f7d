/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.quant;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import io.offloadstream.checkpoint.TensorEntry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.testng.annotations.Test;

/** Tensors that are written as they are. */
public class PlainEncoderTest {

    /** A vector is one row, and may be of gigabytes: the escapes of a large table. */
    @Test
    public void aLongVectorIsReadInParts() throws IOException {
        int[] largest = {0};
        byte[] content = new byte[2 * TensorEncoder.CHUNK_BYTES + 1234];
        new Random(4).nextBytes(content);
        Path file = Files.createTempFile("vector", ".bin");
        try (SourceFiles files = new SourceFiles()) {
            Files.write(file, content);
            for (String type : new String[] {"U8", "F32"}) {
                int size = type.equals("U8") ? 1 : 4;
                int count = (content.length - 22) / size;
                TensorEntry entry =
                        new TensorEntry(
                                "w", type, new long[] {count}, file, 22, (long) count * size);
                ByteArrayOutputStream written =
                        new ByteArrayOutputStream() {
                            @Override
                            public synchronized void write(byte[] bytes, int begin, int length) {
                                largest[0] = Math.max(largest[0], bytes.length);
                                super.write(bytes, begin, length);
                            }
                        };
                TensorRows rows = files.elements(entry);
                PlainEncoder encoder = new PlainEncoder();
                assertEquals(encoder.mostBytes(rows), (long) count * size);
                encoder.encode(
                        rows,
                        (suffix, target, shape) -> {
                            assertEquals(shape, new long[] {count});
                            return written;
                        });
                byte[] expected = Arrays.copyOfRange(content, 22, 22 + count * size);
                assertTrue(Arrays.equals(written.toByteArray(), expected), type);
                assertTrue(largest[0] <= TensorEncoder.CHUNK_BYTES, type + " " + largest[0]);
            }
        } finally {
            Files.delete(file);
        }
    }
}
