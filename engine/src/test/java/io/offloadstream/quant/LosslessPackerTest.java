/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.quant;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertThrows;
import static org.testng.Assert.assertTrue;

import io.offloadstream.platform.DType;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.PackedBf16;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** What is packed comes back bit for bit, and says beforehand how large it becomes. */
public class LosslessPackerTest {

    /** Weights of a tensor with values of every kind, some of them rare. */
    private static short[] weights(Random random, int count, int rareOnceIn) {
        short[] special = {
            0,
            (short) 0x8000,
            0x7f80,
            (short) 0xff80,
            0x7fc1,
            (short) 0xffa5,
            0x0001,
            (short) 0x8073
        };
        short[] weights = new short[count];
        for (int i = 0; i < count; i++) {
            float value = (float) random.nextGaussian() * 0.02f;
            weights[i] = (short) (Float.floatToRawIntBits(value) >> 16);
            if (random.nextInt(rareOnceIn) == 0) {
                weights[i] =
                        random.nextBoolean()
                                ? special[random.nextInt(special.length)]
                                : (short) random.nextInt(1 << 16);
            }
        }
        return weights;
    }

    private static ByteBuffer bytes(short[] weights) {
        ByteBuffer bytes = ByteBuffer.allocate(2 * weights.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asShortBuffer().put(weights);
        return bytes;
    }

    /** Hands all of it over in parts. */
    private interface Part {
        void take(ByteBuffer part);
    }

    private static void inParts(ByteBuffer all, int unit, Random random, Part part) {
        for (int begin = 0; begin < all.capacity(); ) {
            int units = 1 + random.nextInt((all.capacity() - begin) / unit);
            part.take(all.slice(begin, units * unit));
            begin += units * unit;
        }
    }

    @DataProvider
    Object[][] shapes() {
        return new Object[][] {
            {new long[] {2, 64}, 4000},
            {new long[] {37, 96}, 300},
            {new long[] {5, 3, 2048}, 500},
            {new long[] {700, 320}, 150},
        };
    }

    @Test(dataProvider = "shapes")
    public void everyRowComesBackBitForBit(long[] shape, int rareOnceIn) throws IOException {
        long seed = shape[0];
        Random random = new Random(seed);
        int columns = (int) shape[shape.length - 1];
        int rows = (int) (shape.length == 3 ? shape[0] * shape[1] : shape[0]);
        short[] weights = weights(random, rows * columns, rareOnceIn);
        ByteBuffer plain = bytes(weights);
        LosslessPacker packer = new LosslessPacker(shape);
        inParts(plain, 2, random, packer::count);
        assertTrue(packer.isWorthwhile(), "seed " + seed);
        int packedBytes = (int) packer.packedBytes();
        int escapesBytes = (int) packer.escapesBytes();
        assertEquals(packedBytes, rows * columns * 3 / 2);
        assertEquals(escapesBytes, 16 + 4 * (rows + 1) + 4 * packer.escapeCount());
        try (MemoryBudget budget = MemoryBudget.unlimited("test");
                HostMemory packed = HostMemory.allocate(budget, "packed", packedBytes);
                HostMemory escapes = HostMemory.allocate(budget, "escapes", escapesBytes)) {
            ByteBuffer target = packed.buffer(0, packedBytes);
            inParts(plain, 2 * columns, random, part -> packer.pack(part, target));
            assertFalse(target.hasRemaining());
            ByteBuffer list = escapes.buffer(0, escapesBytes);
            packer.writeEscapes(list::put);
            assertFalse(list.hasRemaining());
            short[] row = new short[columns];
            for (int r = 0; r < rows; r++) {
                long address = packed.address() + DType.BF16_PACKED.bytes((long) r * columns);
                PackedBf16.load(address, escapes.address(), r, row, columns);
                for (int i = 0; i < columns; i++) {
                    String where = "seed " + seed + ", row " + r + ", column " + i;
                    assertEquals(row[i], weights[r * columns + i], where);
                }
            }
        }
    }

    @Test
    public void ordinaryWeightsTakeThreeQuarters() {
        int rows = 300;
        int columns = 2048;
        LosslessPacker packer = new LosslessPacker(new long[] {rows, columns});
        packer.count(bytes(weights(new Random(5), rows * columns, Integer.MAX_VALUE)));
        double share =
                (double) (packer.packedBytes() + packer.escapesBytes()) / (2L * rows * columns);
        assertTrue(share <= 0.76, "seed 5: " + share);
        assertTrue(packer.escapeCount() > 0, "seed 5: no escapes");
    }

    @Test
    public void aTensorOfManyExponentsStaysAsItIs() {
        Random random = new Random(6);
        short[] weights = new short[64 * 96];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = (short) random.nextInt(1 << 16);
        }
        LosslessPacker packer = new LosslessPacker(new long[] {64, 96});
        packer.count(bytes(weights));
        assertFalse(packer.isWorthwhile());
        assertThrows(
                IllegalStateException.class,
                () -> packer.pack(bytes(weights), ByteBuffer.allocate(1 << 20)));
    }

    /** It would become smaller, but kernels would follow escapes most of the time. */
    @Test
    public void oneEscapeInAHundredWeightsIsTheMost() {
        for (int escapes : new int[] {64, 65}) {
            short[] weights = new short[100 * 64];
            for (int i = 0; i < weights.length; i++) {
                int high = i < escapes ? 200 : i % 15;
                weights[i] = (short) (high << 8);
            }
            LosslessPacker packer = new LosslessPacker(new long[] {100, 64});
            packer.count(bytes(weights));
            assertEquals(packer.escapeCount(), escapes);
            assertTrue(packer.packedBytes() + packer.escapesBytes() < 2L * weights.length);
            assertEquals(packer.isWorthwhile(), escapes == 64, escapes + " escapes");
        }
    }

    @Test
    public void onlyRowsOfWholeBlocksAreTaken() {
        assertTrue(LosslessPacker.takes(DType.BF16, new long[] {3, 64}));
        assertTrue(LosslessPacker.takes(DType.BF16, new long[] {2, 3, 32}));
        assertFalse(LosslessPacker.takes(DType.BF16, new long[] {64}));
        assertFalse(LosslessPacker.takes(DType.BF16, new long[] {3, 48}));
        assertFalse(LosslessPacker.takes(DType.BF16, new long[] {0, 32}));
        assertFalse(LosslessPacker.takes(DType.BF16, new long[] {3, 0}));
        assertFalse(LosslessPacker.takes(DType.F16, new long[] {3, 64}));
        assertThrows(IllegalArgumentException.class, () -> new LosslessPacker(new long[] {3, 48}));
    }

    @Test
    public void whatWasNotCountedIsNotPacked() {
        short[] weights = weights(new Random(7), 4 * 64, Integer.MAX_VALUE);
        LosslessPacker packer = new LosslessPacker(new long[] {4, 64});
        assertThrows(IllegalStateException.class, packer::isWorthwhile);
        packer.count(bytes(weights));
        // zeros leave nothing to escape, so the first weight of another kind is one too many
        LosslessPacker zeros = new LosslessPacker(new long[] {4, 64});
        zeros.count(bytes(new short[4 * 64]));
        zeros.pack(bytes(new short[2 * 64]), ByteBuffer.allocate(192));
        assertThrows(IllegalStateException.class, () -> zeros.writeEscapes(part -> {}));
        short[] other = new short[64];
        other[9] = 0x4321;
        assertThrows(
                IllegalStateException.class,
                () -> zeros.pack(bytes(other), ByteBuffer.allocate(96)));
    }
}
