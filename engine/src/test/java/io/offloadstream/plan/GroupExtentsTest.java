/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.plan;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.plan.GroupExtents.Extent;
import io.offloadstream.plan.WeightGroup.Access;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.testng.annotations.Test;

/** Where tensors land in a slot. */
public class GroupExtentsTest {

    private static TensorEntry entry(String file, long offset, long size) {
        return new TensorEntry("t", "U8", new long[] {size}, Path.of(file), offset, size);
    }

    private static GroupExtents extents(int block, TensorEntry... entries) {
        return GroupExtents.of(new WeightGroup(0, "g", Access.STREAMED, List.of(entries)), block);
    }

    @Test
    public void everyTensorLiesWhereItsBytesAreRead() {
        for (long seed = 0; seed < 500; seed++) {
            Random random = new Random(seed);
            int block = new int[] {1, 512, 4096}[random.nextInt(3)];
            List<TensorEntry> entries = new ArrayList<>();
            for (int i = 0; i < 1 + random.nextInt(12); i++) {
                String file = random.nextBoolean() ? "a" : "b";
                entries.add(entry(file, random.nextInt(300_000), random.nextInt(60_000)));
            }
            GroupExtents extents = extents(block, entries.toArray(TensorEntry[]::new));
            long slotEnd = 0;
            for (Extent extent : extents.extents()) {
                assertEquals(extent.offset() % block, 0);
                assertEquals(extent.length() % block, 0);
                assertEquals(extent.slotOffset(), slotEnd);
                assertTrue(extent.neededLength() <= extent.length());
                slotEnd += extent.length();
            }
            assertEquals(extents.readBytes(), slotEnd);
            assertTrue(extents.slotBytes() >= Math.max(1, slotEnd));
            for (int i = 0; i < entries.size(); i++) {
                TensorEntry tensor = entries.get(i);
                if (tensor.sizeBytes() > 0) {
                    requireRead(extents, tensor, extents.tensorOffset(i), "seed " + seed);
                }
            }
        }
    }

    private static void requireRead(
            GroupExtents extents, TensorEntry tensor, long slotOffset, String run) {
        for (Extent extent : extents.extents()) {
            long from = tensor.offset() - extent.offset();
            if (extent.file().equals(tensor.file())
                    && extent.slotOffset() + from == slotOffset
                    && from >= 0
                    && from + tensor.sizeBytes() <= extent.neededLength()) {
                return;
            }
        }
        throw new AssertionError(run + ": " + tensor + " is not read");
    }

    @Test
    public void smallGapsAreReadAlongAsLongAsTheyStayAFewPercent() {
        assertEquals(
                extents(1, entry("a", 0, 1_000_000), entry("a", 1_040_000, 1_000_000))
                        .extents()
                        .size(),
                1);
        assertEquals(
                extents(1, entry("a", 0, 1_000_000), entry("a", 1_070_000, 9_000_000))
                        .extents()
                        .size(),
                2);
        assertEquals(
                extents(1, entry("a", 0, 100_000), entry("a", 140_000, 100_000)).extents().size(),
                2);
    }
}
