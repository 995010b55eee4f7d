/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.plan.GroupExtents;
import io.offloadstream.plan.SlotLayout;
import io.offloadstream.plan.WeightGroup;
import java.util.ArrayList;
import java.util.List;

/**
 * A part of a piece that holds weights, and where they belong in a slot whose layout differs from
 * the file's.
 *
 * @param sourceOffset from the start of the piece
 * @param targetOffset from the start of the slot
 * @param sizeBytes how much
 */
record Segment(long sourceOffset, long targetOffset, long sizeBytes) {

    /**
     * Finds what a piece holds: parts of tensors, without the gaps between them.
     *
     * @param piece of the group, as cut from the extents
     * @param group the group
     * @param extents where the tensors lie as they are read
     * @param layout where they belong
     */
    static List<Segment> of(
            Piece piece, WeightGroup group, GroupExtents extents, SlotLayout layout) {
        long from = piece.slotOffset();
        long to = from + piece.needed();
        List<Segment> segments = new ArrayList<>();
        for (int i = 0; i < group.tensors().size(); i++) {
            long tensor = extents.tensorOffset(i);
            long begin = Math.max(from, tensor);
            long end = Math.min(to, tensor + group.tensors().get(i).sizeBytes());
            if (begin < end) {
                long target = layout.tensorOffset(i) + begin - tensor;
                append(segments, new Segment(begin - from, target, end - begin));
            }
        }
        return List.copyOf(segments);
    }

    /** Tensors that stay neighbours are copied together. */
    private static void append(List<Segment> segments, Segment next) {
        int last = segments.size() - 1;
        if (last >= 0 && segments.get(last).isFollowedBy(next)) {
            Segment before = segments.remove(last);
            segments.add(
                    new Segment(
                            before.sourceOffset,
                            before.targetOffset,
                            before.sizeBytes + next.sizeBytes));
        } else {
            segments.add(next);
        }
    }

    private boolean isFollowedBy(Segment next) {
        return sourceOffset + sizeBytes == next.sourceOffset
                && targetOffset + sizeBytes == next.targetOffset;
    }
}
