/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import java.util.Arrays;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/**
 * Paged attention against {@link ReferenceKernels}, against a plain softmax, and against itself.
 */
public class AttentionKernelsTest {

    private static final DType[] TYPES = {DType.F32, DType.F16, DType.BF16};

    private final ReferenceKernels reference = new ReferenceKernels();

    @DataProvider
    Object[][] instructionSets() {
        return KernelData.everyInstructionSet();
    }

    /** Two sequences in one paged cache of two layers, and rows that ask for the second layer. */
    private static final class Scene {

        final int rows;
        final int heads;
        final int kvHeads;
        final int headDim;
        final int pageTokens;
        final int slots;
        final int maxPages;
        final int window;
        final DType type;
        final long layerBytes;
        final long q;
        final int[] rowSequence;
        final int[] rowSlot;
        final long[] pageStarts;
        final byte[] seen;
        final long sequences;
        final long positions;
        final long pages;
        final long mask;
        final int count;

        Scene(KernelData data) {
            rows = 1 + data.random.nextInt(11);
            kvHeads = 1 + data.random.nextInt(3);
            heads = kvHeads * new int[] {1, 2, 3, 4, 7, 19}[data.random.nextInt(6)];
            headDim = new int[] {1, 8, 17, 33, 64, 80, 128}[data.random.nextInt(7)];
            pageTokens = new int[] {1, 3, 16, 64, 300}[data.random.nextInt(5)];
            slots = 1 + data.random.nextInt(400);
            window = data.random.nextBoolean() ? 0 : 1 + data.random.nextInt(slots);
            type = TYPES[data.random.nextInt(3)];
            maxPages = (slots - 1) / pageTokens + 1;
            layerBytes = 2L * kvHeads * pageTokens * headDim * type.sizeBytes();
            q = data.floats(rows * heads * headDim);
            count = rows * heads * headDim;
            rowSequence = data.random.ints(rows, 0, 2).toArray();
            if (data.random.nextBoolean()) {
                Arrays.fill(rowSequence, 1); // rows that the kernel may take together
            }
            rowSlot = data.random.ints(rows, 0, slots).toArray();
            pageStarts = new long[2 * maxPages];
            for (int i = 0; i < pageStarts.length; i++) {
                pageStarts[i] = data.floats((int) (2 * layerBytes / type.sizeBytes()), type, 0);
            }
            seen = new byte[2 * (slots + 3)];
            for (int i = 0; i < seen.length; i++) {
                seen[i] = (byte) (data.random.nextInt(3) == 0 ? 0 : 1);
            }
            sequences = data.ints(rowSequence);
            positions = data.ints(rowSlot);
            pages = data.longs(pageStarts);
            mask = data.random.nextInt(3) == 0 ? 0 : data.bytes(seen);
        }

        void run(Kernels kernels, long y, long begin, long end) {
            runRow(kernels, 0, y, begin, end);
        }

        /** Rows from {@code row} on, as if they were all. */
        void runRow(Kernels kernels, int row, long y, long begin, long end) {
            long skipped = 4L * row * heads * headDim;
            kernels.attention(
                    q + skipped,
                    heads,
                    kvHeads,
                    headDim,
                    1 / (float) Math.sqrt(headDim),
                    sequences + 4L * row,
                    positions + 4L * row,
                    pages,
                    maxPages,
                    layerBytes,
                    layerBytes / 2,
                    pageTokens,
                    type.code(),
                    mask,
                    slots + 3,
                    window,
                    y + skipped,
                    begin,
                    end);
        }

        boolean sees(int row, int slot) {
            return slot <= rowSlot[row]
                    && (window == 0 || slot > rowSlot[row] - window)
                    && (mask == 0 || seen[rowSequence[row] * (slots + 3) + slot] != 0);
        }

        /** Where a key is; its value is half a layer behind. */
        long key(int sequence, int kvHead, int slot) {
            long element = ((long) kvHead * pageTokens + slot % pageTokens) * headDim;
            return pageStarts[sequence * maxPages + slot / pageTokens]
                    + layerBytes
                    + element * type.sizeBytes();
        }

        @Override
        public String toString() {
            return rows
                    + " rows, "
                    + heads
                    + "/"
                    + kvHeads
                    + "x"
                    + headDim
                    + ", "
                    + pageTokens
                    + " per page, "
                    + slots
                    + " slots, window "
                    + window
                    + ", "
                    + type;
        }
    }

    @Test(dataProvider = "instructionSets")
    public void matchesTheReference(String instructionSet) {
        Kernels kernels = KernelData.kernels(instructionSet);
        for (int round = 0; round < 300; round++) {
            try (KernelData data = new KernelData(round)) {
                Scene s = new Scene(data);
                long actual = data.floats(s.count);
                long expected = data.floats(s.count);
                s.run(kernels, actual, 0, (long) s.rows * s.heads);
                s.run(reference, expected, 0, (long) s.rows * s.heads);
                data.assertClose(actual, expected, s.count, 3e-6f, s.toString());
            }
        }
    }

    @Test
    public void referenceMatchesASoftmaxInDoublePrecision() {
        for (int round = 0; round < 100; round++) {
            try (KernelData data = new KernelData(round)) {
                Scene s = new Scene(data);
                long y = data.floats(s.count);
                s.run(reference, y, 0, (long) s.rows * s.heads);
                long expected = data.zeros(4L * s.count, 0);
                for (int item = 0; item < s.rows * s.heads; item++) {
                    float[] right = softmax(s, item / s.heads, item % s.heads);
                    FloatRows.store(right, expected + 4L * item * s.headDim, s.headDim);
                }
                data.assertClose(y, expected, s.count, 3e-6f, s.toString());
            }
        }
    }

    private static float[] softmax(Scene s, int row, int head) {
        int kvHead = head / (s.heads / s.kvHeads);
        float[] query = KernelData.read(s.q + 4L * (row * s.heads + head) * s.headDim, s.headDim);
        float[] cached = new float[s.headDim];
        double[] sum = new double[s.headDim];
        double total = 0;
        for (int slot = 0; slot < s.slots; slot++) {
            if (s.sees(row, slot)) {
                long key = s.key(s.rowSequence[row], kvHead, slot);
                FloatRows.load(key, s.type.code(), cached, s.headDim);
                double score = 0;
                for (int d = 0; d < s.headDim; d++) {
                    score += (double) query[d] * cached[d];
                }
                double share = Math.exp(score / Math.sqrt(s.headDim));
                total += share;
                FloatRows.load(key + s.layerBytes / 2, s.type.code(), cached, s.headDim);
                for (int d = 0; d < s.headDim; d++) {
                    sum[d] += share * cached[d];
                }
            }
        }
        float[] result = new float[s.headDim];
        for (int d = 0; d < s.headDim; d++) {
            result[d] = total == 0 ? 0 : (float) (sum[d] / total);
        }
        return result;
    }

    @Test(dataProvider = "instructionSets")
    public void hasTheSameBitsHoweverItemsAreSplit(String instructionSet) {
        Kernels kernels = KernelData.kernels(instructionSet);
        for (int round = 0; round < 150; round++) {
            try (KernelData data = new KernelData(round)) {
                Scene s = new Scene(data);
                long whole = data.floats(s.count);
                long split = data.floats(s.count);
                long items = (long) s.rows * s.heads;
                s.run(kernels, whole, 0, items);
                for (long item = 0; item < items; item++) {
                    s.run(kernels, split, item, item + 1);
                }
                data.assertSameBits(split, whole, s.count, s.toString());
                for (int row = 0; row < s.rows; row++) {
                    s.runRow(kernels, row, split, 0, s.heads);
                }
                data.assertSameBits(split, whole, s.count, s.toString());
            }
        }
    }

    @Test(dataProvider = "instructionSets")
    public void doesNotReadWhatIsOutOfSight(String instructionSet) {
        Kernels kernels = KernelData.kernels(instructionSet);
        for (int round = 0; round < 100; round++) {
            try (KernelData data = new KernelData(round)) {
                Scene s = new Scene(data);
                long clean = data.floats(s.count);
                s.run(kernels, clean, 0, (long) s.rows * s.heads);
                poisonUnseen(s);
                long poisoned = data.floats(s.count);
                s.run(kernels, poisoned, 0, (long) s.rows * s.heads);
                data.assertSameBits(poisoned, clean, s.count, s.toString());
                for (float value : KernelData.read(clean, s.count)) {
                    assertTrue(Float.isFinite(value));
                }
            }
        }
    }

    /** Where windows of distant rows leave a gap, pages may be gone. */
    @Test(dataProvider = "instructionSets")
    public void doesNotReadPagesThatNoRowSees(String instructionSet) {
        Kernels kernels = KernelData.kernels(instructionSet);
        int gone = 0;
        for (int round = 0; round < 300; round++) {
            try (KernelData data = new KernelData(round)) {
                Scene s = new Scene(data);
                long whole = data.floats(s.count);
                s.run(kernels, whole, 0, (long) s.rows * s.heads);
                var pages = HostMemory.view(s.pages, 8 * s.pageStarts.length).asLongBuffer();
                for (int page = 0; page < s.pageStarts.length; page++) {
                    if (!seesPage(s, page)) {
                        pages.put(page, 0);
                        gone++;
                    }
                }
                long without = data.floats(s.count);
                s.run(kernels, without, 0, (long) s.rows * s.heads);
                data.assertSameBits(without, whole, s.count, s.toString());
            }
        }
        assertTrue(gone > 1000, "pages: " + gone);
    }

    private static boolean seesPage(Scene s, int page) {
        int first = page % s.maxPages * s.pageTokens;
        boolean seen = false;
        for (int row = 0; row < s.rows; row++) {
            for (int slot = first; slot < Math.min(s.slots, first + s.pageTokens); slot++) {
                seen |= s.rowSequence[row] == page / s.maxPages && s.sees(row, slot);
            }
        }
        return seen;
    }

    private static void poisonUnseen(Scene s) {
        float[] poison = new float[s.headDim];
        Arrays.fill(poison, Float.NaN);
        for (int sequence = 0; sequence < 2; sequence++) {
            for (int slot = 0; slot < s.slots; slot++) {
                boolean seen = false;
                for (int row = 0; row < s.rows; row++) {
                    seen |= s.rowSequence[row] == sequence && s.sees(row, slot);
                }
                for (int head = 0; !seen && head < s.kvHeads; head++) {
                    long key = s.key(sequence, head, slot);
                    FloatRows.store(poison, 0, key, s.type.code(), s.headDim);
                    FloatRows.store(poison, 0, key + s.layerBytes / 2, s.type.code(), s.headDim);
                }
            }
        }
    }

    @Test(dataProvider = "instructionSets")
    public void rowThatSeesNothingGivesZeros(String instructionSet) {
        seesNothing(KernelData.kernels(instructionSet));
        seesNothing(reference);
    }

    private static void seesNothing(Kernels kernels) {
        int masked = 0;
        for (int round = 0; round < 20; round++) {
            try (KernelData data = new KernelData(round)) {
                Scene s = new Scene(data);
                if (s.mask != 0) {
                    masked++;
                    HostMemory.view(s.mask, s.seen.length).put(new byte[s.seen.length]);
                    long y = data.floats(s.count);
                    s.run(kernels, y, 0, (long) s.rows * s.heads);
                    for (float value : KernelData.read(y, s.count)) {
                        assertEquals(value, 0f, s.toString());
                    }
                }
            }
        }
        assertTrue(masked > 0);
    }
}
