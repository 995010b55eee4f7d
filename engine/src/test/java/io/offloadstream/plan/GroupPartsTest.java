/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.plan;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertSame;
import static org.testng.Assert.assertTrue;

import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.plan.WeightGroup.Access;
import io.offloadstream.platform.PackedBf16;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.testng.annotations.Test;

public class GroupPartsTest {

    private static TensorEntry tensor(String name, String file, long offset, long sizeBytes) {
        return new TensorEntry(
                name, "U8", new long[] {1, sizeBytes}, Path.of(file), offset, sizeBytes);
    }

    /** A group whose files hold its tensors in another order than its layout. */
    private static WeightGroup random(Random random) {
        List<TensorEntry> tensors = new ArrayList<>();
        long[] end = {random.nextInt(100), random.nextInt(100)};
        for (int i = 1 + random.nextInt(12); i > 0; i--) {
            int file = random.nextInt(4) == 0 ? 1 : 0;
            for (String suffix : List.of("", random.nextBoolean() ? PackedBf16.SUFFIX : "none")) {
                long size = 1L + random.nextInt(1000);
                if (!suffix.equals("none")) {
                    tensors.add(tensor("t" + i + suffix, "f" + file, end[file], size));
                    end[file] += size;
                }
            }
        }
        Collections.shuffle(tensors, random);
        return new WeightGroup(0, "layer.3", Access.STREAMED, tensors);
    }

    @Test
    public void everyTensorIsInOnePartBesideItsEscapes() {
        for (long seed = 0; seed < 300; seed++) {
            Random random = new Random(seed);
            WeightGroup group = random(random);
            long most = 1L + random.nextInt(4000);
            int first = random.nextInt(50);
            List<WeightGroup> parts = GroupParts.cut(group, most, first);
            String run = "seed " + seed;
            Set<TensorEntry> seen = new HashSet<>();
            for (int i = 0; i < parts.size(); i++) {
                WeightGroup part = parts.get(i);
                assertEquals(part.index(), first + i, run);
                assertEquals(part.whole().index(), first, run);
                assertEquals(part.whole().tensors(), group.tensors(), run);
                assertEquals(part.whole().name(), "layer.3", run);
                boolean isOneTensor =
                        part.tensors().stream()
                                        .filter(entry -> !entry.name().endsWith(PackedBf16.SUFFIX))
                                        .count()
                                == 1;
                assertTrue(part.sizeBytes() <= most || isOneTensor, run);
                for (TensorEntry entry : part.tensors()) {
                    assertTrue(seen.add(entry), run);
                    boolean hasEscapes = group.escapesOf(entry.name()) >= 0;
                    assertEquals(part.escapesOf(entry.name()) >= 0, hasEscapes, run);
                }
            }
            assertEquals(seen.size(), group.tensors().size(), run);
            // no two neighbours would have made one part
            for (int i = 1; i < parts.size(); i++) {
                long together = parts.get(i - 1).sizeBytes() + parts.get(i).sizeBytes();
                assertTrue(together > most, run);
            }
        }
    }

    @Test
    public void whatFitsInOnePartIsNoPart() {
        WeightGroup group =
                new WeightGroup(7, "layer.7", Access.STREAMED, List.of(tensor("t", "f", 0, 500)));
        WeightGroup same = GroupParts.cut(group, 500, 7).get(0);
        assertEquals(same, group);
        assertSame(same.whole(), same);
        // one tensor cannot be cut
        assertEquals(GroupParts.cut(group, 499, 7), List.of(group));
    }

    /** Groups of tensors of such sizes in MiB. */
    private static List<WeightGroup> groups(int... mebibytes) {
        List<WeightGroup> groups = new ArrayList<>();
        long end = 0;
        for (int i = 0; i < 3; i++) {
            List<TensorEntry> tensors = new ArrayList<>();
            for (int size : mebibytes) {
                tensors.add(tensor(i + "." + tensors.size(), "f", end, (long) size << 20));
                end += (long) size << 20;
            }
            groups.add(new WeightGroup(i, "layer." + i, Access.STREAMED, tensors));
        }
        return groups;
    }

    private static int parts(int... mebibytes) {
        return partsForSlots(2, mebibytes);
    }

    private static int partsForSlots(int slots, int... mebibytes) {
        List<WeightGroup> groups = groups(mebibytes);
        return GroupParts.cut(groups.get(0), GroupParts.bytes(groups, slots), 0).size();
    }

    @Test
    public void oneSlotOfAWholeGroupIsLessThanSlotsOfItsParts() {
        int[] block = {8, 2, 2, 8, 32, 32, 32};
        assertEquals(partsForSlots(1, block), 1);
        assertEquals(partsForSlots(3, block), 4);
    }

    @Test
    public void groupsAreCutWhereThatMakesTheRingSmaller() {
        // a block of a model of a billion weights: 6 slots of 32 MiB instead of 2 of 116
        assertEquals(parts(8, 2, 2, 8, 32, 32, 32), 4);
        // slots of 15 MiB, three or more, would take more than two of 17
        assertEquals(parts(2, 1, 4, 4, 4, 2), 1);
        // 3 slots of 60 MiB instead of 2 of 120; 16 of 15 MiB would take as much
        assertEquals(parts(15, 15, 15, 15, 15, 15, 15, 15), 2);
        // one tensor is nearly all of it
        assertEquals(parts(60, 1, 1), 1);
        assertEquals(parts(), 1);
    }
}
