/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.quant;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.checkpoint.CheckpointException;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.HalfFloat;
import io.offloadstream.platform.WorkerPool;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.testng.annotations.AfterClass;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** Rows in other types: the bytes of the reference quantisers, rounding, what cannot be written. */
public class RowEncoderTest {

    private final WorkerPool pool = new WorkerPool(2);

    @AfterClass
    public void close() {
        pool.close();
    }

    /** Rows in memory. */
    private record Rows(DType type, byte[] bytes, long... shape) implements TensorRows {

        static Rows of(DType type, float[] values, long... shape) {
            ByteBuffer bytes =
                    ByteBuffer.allocate(values.length * type.sizeBytes())
                            .order(ByteOrder.LITTLE_ENDIAN);
            for (float value : values) {
                switch (type) {
                    case F32 -> bytes.putFloat(value);
                    case F16 -> bytes.putShort(HalfFloat.toF16(value));
                    default -> bytes.putShort(HalfFloat.toBf16(value));
                }
            }
            return new Rows(type, bytes.array(), shape);
        }

        @Override
        public String name() {
            return "some.weight";
        }

        @Override
        public void read(long begin, int count, byte[] target) {
            System.arraycopy(bytes, (int) begin * rowBytes(), target, 0, count * rowBytes());
        }
    }

    private byte[] encode(DType target, TensorRows rows) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        RowEncoder encoder = RowEncoder.to(target, pool);
        try {
            encoder.encode(
                    rows,
                    (suffix, type, shape) -> {
                        assertEquals(suffix, "");
                        assertEquals(type, target);
                        assertEquals(shape, rows.shape());
                        return out;
                    });
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        assertEquals(encoder.mostBytes(rows), out.size());
        return out.toByteArray();
    }

    /** Values that Python makes the same: integers scaled by powers of two, and some corners. */
    private static float[] values(int count) {
        float[] values = new float[count];
        long state = 12345;
        for (int i = 0; i < count; i++) {
            state = (state * 1103515245 + 12345) & 0x7fffffffL;
            int exponent = (int) (state >> 8 & 7) + 17;
            values[i] = ((int) (state >> 12 & 0xffff) - 32768) / (float) (1 << exponent);
        }
        Arrays.fill(values, 64, 96, 0f);
        values[96] = 127;
        values[97] = 63.5f;
        values[98] = -0.5f;
        values[99] = 1.5f;
        values[100] = -127;
        values[128] = -1e-30f;
        return values;
    }

    /** Digests of what gguf 0.19 ({@code gguf.quants.quantize}) makes of these values. */
    @DataProvider
    public Object[][] references() {
        return new Object[][] {
            {DType.Q8_0, "3dbb6ce370c25f2a31d7e7e2e8cb24abd3216a06ca3708a5dafe51c048926452"},
            {DType.Q4_0, "ee3b68ebe277f0a60128235b2d4277ccafa301bdd578586150375549121ba2ac"},
        };
    }

    @Test(dataProvider = "references")
    public void blocksHaveTheBytesOfTheReference(DType type, String digest)
            throws NoSuchAlgorithmException {
        byte[] bytes = encode(type, Rows.of(DType.F32, values(96 * 640), 96, 640));
        byte[] actual = MessageDigest.getInstance("SHA-256").digest(bytes);
        assertEquals(HexFormat.of().formatHex(actual), digest);
    }

    @Test
    public void blocksOfShorterTypesAreThoseOfTheSameValues() {
        Random random = new Random(5);
        float[] values = new float[7 * 64];
        for (DType source : new DType[] {DType.F16, DType.BF16}) {
            for (int i = 0; i < values.length; i++) {
                float value = (float) random.nextGaussian();
                values[i] =
                        source == DType.F16
                                ? HalfFloat.fromF16(HalfFloat.toF16(value))
                                : HalfFloat.fromBf16(HalfFloat.toBf16(value));
            }
            for (DType target : new DType[] {DType.Q8_0, DType.Q4_0}) {
                assertEquals(
                        encode(target, Rows.of(source, values, 7, 64)),
                        encode(target, Rows.of(DType.F32, values, 7, 64)),
                        source + " to " + target);
            }
        }
    }

    @Test
    public void longTensorsAreWrittenInChunks() {
        int columns = 3200;
        int rows = 1 + 2 * (TensorEncoder.CHUNK_BYTES / 4 / columns); // three chunks
        float[] values = values(rows * columns);
        byte[] whole = encode(DType.Q4_0, Rows.of(DType.F32, values, rows, columns));
        int rowBytes = Math.toIntExact(DType.Q4_0.bytes(columns));
        for (int row : new int[] {0, rows / 2, rows - 1}) {
            float[] one = Arrays.copyOfRange(values, row * columns, (row + 1) * columns);
            assertEquals(
                    Arrays.copyOfRange(whole, row * rowBytes, (row + 1) * rowBytes),
                    encode(DType.Q4_0, Rows.of(DType.F32, one, 1, columns)),
                    "row " + row);
        }
    }

    @Test
    public void castsRoundToNearestEven() {
        float[] values = {
            1 + 0x1p-8f, 1 + 3 * 0x1p-8f, 1 + 0x1p-8f + 0x1p-20f, -0f, 0x1p-149f, 3e38f
        };
        byte[] bytes = encode(DType.BF16, Rows.of(DType.F32, values, 2, 3));
        ByteBuffer shorts = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        float[] expected = {1, 1 + 0x1p-6f, 1 + 0x1p-7f, -0f, 0, 0x1.c4p127f};
        for (int i = 0; i < expected.length; i++) {
            assertEquals(HalfFloat.fromBf16(shorts.getShort(2 * i)), expected[i], "value " + i);
        }
        float[] halves = {1, -2.5f, 0.375f};
        assertEquals(
                encode(DType.F32, Rows.of(DType.F16, halves, 3, 1)),
                Rows.of(DType.F32, halves, 3, 1).bytes());
    }

    @DataProvider
    public Object[][] impossible() {
        return new Object[][] {
            {DType.F16, 70000f, "70000"},
            {DType.F16, -1e30f, "F16"},
            {DType.BF16, Float.MAX_VALUE, "BF16"},
            {DType.Q8_0, Float.NaN, "NaN"},
            {DType.Q8_0, Float.NEGATIVE_INFINITY, "Infinity"},
            {DType.Q8_0, 9e6f, "9000000"},
            {DType.Q4_0, Float.NaN, "NaN"},
            {DType.Q4_0, Float.POSITIVE_INFINITY, "Infinity"},
            {DType.Q4_0, 6e5f, "600000"},
        };
    }

    @Test(dataProvider = "impossible")
    public void valuesThatCannotBeWrittenAreRefused(DType target, float value, String expected) {
        float[] values = new float[64];
        values[37] = value;
        CheckpointException e =
                expectThrows(
                        CheckpointException.class,
                        () -> encode(target, Rows.of(DType.F32, values, 2, 32)));
        assertTrue(e.getMessage().contains("some.weight"), e.getMessage());
        assertTrue(e.getMessage().replace(".0", "").contains(expected), e.getMessage());
    }

    @Test
    public void rowsOfNoWholeBlocksAreRefused() {
        Rows rows = Rows.of(DType.F32, new float[66], 2, 33);
        expectThrows(IllegalArgumentException.class, () -> encode(DType.Q8_0, rows));
    }
}
