/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertThrows;

import io.offloadstream.platform.DType;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import org.testng.annotations.Test;

/** What parts of the head have found becomes one list. */
public class BestLogitsTest {

    private static final float INFINITY = Float.POSITIVE_INFINITY;

    /** Merges what two or more parts found for the second of three rows. */
    private static void assertMerged(
            float[][] values, int[][] ids, float[] expectedValues, int[] expectedIds) {
        int parts = values.length;
        int count = values[0].length;
        try (MemoryBudget budget = MemoryBudget.unlimited("test");
                HostMemory memory = HostMemory.allocate(budget, "best", 8L * parts * 3 * count)) {
            BestLogits best = new BestLogits(memory, parts, 3, count);
            for (int part = 0; part < parts; part++) {
                assertEquals(best.values(part, 1, 2).type(), DType.F32);
                assertEquals(best.ids(part, 1, 3).shape(), new long[] {2, count});
                floats(best.values(part, 1, 2).address(), count).put(values[part]);
                ints(best.ids(part, 1, 2).address(), count).put(ids[part]);
                floats(best.values(part, 2, 3).address(), count).put(new float[count]);
                ints(best.ids(part, 2, 3).address(), count).put(new int[count]);
            }
            FloatBuffer merged = FloatBuffer.allocate(count);
            IntBuffer tokens = IntBuffer.allocate(count);
            best.merge(1, merged, tokens);
            assertEquals(merged.limit(), expectedIds.length);
            for (int i = 0; i < expectedIds.length; i++) {
                assertEquals(merged.get(i), expectedValues[i], "value " + i);
                assertEquals(tokens.get(i), expectedIds[i], "id " + i);
            }
        }
    }

    private static FloatBuffer floats(long address, int count) {
        return HostMemory.view(address, 4 * count).asFloatBuffer();
    }

    private static IntBuffer ints(long address, int count) {
        return HostMemory.view(address, 4 * count).asIntBuffer();
    }

    @Test
    public void theLargestOfAllPartsComeFirstAndOfEqualOnesTheLowestId() {
        assertMerged(
                new float[][] {{5, 2, 2}, {7, 5, -1}, {5, 5, 5}},
                new int[][] {{3, 0, 1}, {10, 12, 11}, {20, 21, 22}},
                new float[] {7, 5, 5},
                new int[] {10, 3, 12});
    }

    @Test
    public void partsWithFewerTokensThanAreWantedEndEarly() {
        float none = -INFINITY;
        assertMerged(
                new float[][] {{1, none, none, none}, {none, none, none, none}},
                new int[][] {{0, -1, -1, -1}, {1, 2, -1, -1}},
                new float[] {1, none, none},
                new int[] {0, 1, 2});
    }

    @Test
    public void damageIsFirst() {
        assertMerged(
                new float[][] {{9, 8}, {INFINITY, 1}},
                new int[][] {{0, 1}, {6, 5}},
                new float[] {INFINITY, 9},
                new int[] {6, 0});
    }

    @Test
    public void moreThanEveryBackendFindsIsRefused() {
        assertThrows(
                IllegalArgumentException.class,
                () -> new BestLogits(null, 1, 1, BestLogits.MOST + 1));
        assertThrows(IllegalArgumentException.class, () -> new BestLogits(null, 1, 1, 0));
    }
}
