/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.plan.GroupExtents;
import io.offloadstream.plan.SlotLayout;
import io.offloadstream.plan.WeightGroup;
import io.offloadstream.plan.WeightGroup.Access;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.testng.annotations.Test;

/** Which parts of a piece go where in a slot of another layout. */
public class SegmentTest {

    private static final Path FILE = Path.of("w.bin");

    /** Tensors one behind another, each aligned. */
    private record Aligned(long[] offsets, long slotBytes) implements SlotLayout {

        static Aligned of(WeightGroup group) {
            long[] offsets = new long[group.tensors().size()];
            long end = 0;
            for (int i = 0; i < offsets.length; i++) {
                offsets[i] = end;
                end = GroupExtents.roundUp(end + group.tensors().get(i).sizeBytes(), 256);
            }
            return new Aligned(offsets, Math.max(256, end));
        }

        @Override
        public long tensorOffset(int tensor) {
            return offsets[tensor];
        }
    }

    private static WeightGroup group(long... offsetsAndSizes) {
        List<TensorEntry> tensors = new ArrayList<>();
        for (int i = 0; i < offsetsAndSizes.length; i += 2) {
            long size = offsetsAndSizes[i + 1];
            tensors.add(
                    new TensorEntry(
                            "t" + i, "U8", new long[] {size}, FILE, offsetsAndSizes[i], size));
        }
        return new WeightGroup(0, "group", Access.STREAMED, tensors);
    }

    @Test
    public void allBytesOfAllTensorsArriveHoweverPiecesAreCut() {
        for (long seed = 0; seed < 300; seed++) {
            Random random = new Random(seed);
            List<long[]> places = new ArrayList<>();
            long end = random.nextInt(9000);
            for (int i = 1 + random.nextInt(6); i > 0; i--) {
                end += random.nextInt(3) == 0 ? random.nextInt(5000) : 0;
                long size = random.nextInt(8) == 0 ? 0 : 1 + random.nextInt(20_000);
                places.add(new long[] {end, size});
                end += size;
            }
            Collections.shuffle(places, random);
            WeightGroup group = group(places.stream().flatMapToLong(Arrays::stream).toArray());
            byte[] file = new byte[(int) end + 9000];
            random.nextBytes(file);
            checkAllBytes("seed " + seed, group, file, random);
        }
    }

    private static void checkAllBytes(String run, WeightGroup group, byte[] file, Random random) {
        int block = random.nextBoolean() ? 512 : 1;
        GroupExtents extents = GroupExtents.of(group, block);
        Aligned layout = Aligned.of(group);
        byte[] slot = new byte[(int) layout.slotBytes()];
        for (GroupExtents.Extent extent : extents.extents()) {
            int step = block * (1 + random.nextInt(block == 1 ? 30_000 : 60));
            for (long from = 0; from < extent.length(); from += step) {
                int length = (int) Math.min(step, extent.length() - from);
                int needed = (int) Math.max(0, Math.min(length, extent.neededLength() - from));
                long offset = extent.offset() + from;
                Piece piece =
                        new Piece(0, offset, extent.slotOffset() + from, length, needed, List.of());
                for (Segment segment : Segment.of(piece, group, extents, layout)) {
                    assertTrue(segment.sourceOffset() + segment.sizeBytes() <= needed, run);
                    System.arraycopy(
                            file,
                            (int) (offset + segment.sourceOffset()),
                            slot,
                            (int) segment.targetOffset(),
                            (int) segment.sizeBytes());
                }
            }
        }
        for (int i = 0; i < group.tensors().size(); i++) {
            TensorEntry entry = group.tensors().get(i);
            int offset = (int) entry.offset();
            int target = (int) layout.tensorOffset(i);
            int size = (int) entry.sizeBytes();
            assertEquals(
                    Arrays.copyOfRange(slot, target, target + size),
                    Arrays.copyOfRange(file, offset, offset + size),
                    run + ", " + entry);
        }
    }

    @Test
    public void neighboursThatStayNeighboursAreOneCopy() {
        // 512 bytes each, so that alignment moves none of the first three
        WeightGroup group = group(1024, 512, 1536, 512, 2048, 500, 2548, 300);
        GroupExtents extents = GroupExtents.of(group, 1);
        Piece piece = new Piece(0, 1024, 0, 1824, 1824, List.of());
        assertEquals(
                Segment.of(piece, group, extents, Aligned.of(group)),
                List.of(new Segment(0, 0, 1524), new Segment(1524, 1536, 300)));
    }
}
