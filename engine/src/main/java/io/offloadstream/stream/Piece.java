/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.plan.GroupExtents;
import io.offloadstream.plan.GroupExtents.Extent;
import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.plan.WeightGroup;
import io.offloadstream.plan.WeightGroup.Access;
import java.util.ArrayList;
import java.util.List;

/**
 * One read request: consecutive bytes of a file and where they land in a slot.
 *
 * @param file index of the file
 * @param offset first byte in the file, a multiple of the block
 * @param slotOffset where it lands, a multiple of the block
 * @param length bytes asked for, a multiple of the block
 * @param needed how many of them must arrive: fewer than asked for at the end of a file
 * @param segments where the weights among them belong in a slot of another layout; empty where they
 *     are computed in as they were read
 */
record Piece(
        int file, long offset, long slotOffset, int length, int needed, List<Segment> segments) {

    /** Large enough for full bandwidth, small enough that a group keeps several readers busy. */
    static final int USUAL_BYTES = ResidencyPlan.MOST_REQUEST_BYTES;

    /** Below this the cost of a request shows. */
    static final int LEAST_BYTES = 1 << 20;

    /** Makes the list immutable. */
    Piece {
        segments = List.copyOf(segments);
    }

    /**
     * Cuts a group into requests: one per reader, within the limits above.
     *
     * @param extents of the group
     * @param files where file indices come from
     * @param readers number of reader threads
     * @param blockBytes what offsets and lengths are multiples of
     */
    static Piece[] cut(GroupExtents extents, WeightFiles files, int readers, int blockBytes) {
        return cut(extents, files, readers, blockBytes, USUAL_BYTES);
    }

    /**
     * Cuts all groups of a plan, for a device into what a chunk holds.
     *
     * @param plan groups, layouts, staging
     * @param files where file indices come from
     * @param pace requests in flight, and the most that one asks for in host memory
     * @return pieces by group
     */
    static Piece[][] cut(ResidencyPlan plan, WeightFiles files, ReadPace pace) {
        int readers = pace.requests();
        Piece[][] pieces = new Piece[plan.groups().size()][];
        for (WeightGroup group : plan.groups()) {
            int index = group.index();
            GroupExtents extents = plan.extents(index);
            boolean forHost = group.access() == Access.GATHERED || group.access() == Access.INDEX;
            if (!plan.hasDevice() || forHost) {
                pieces[index] =
                        cut(extents, files, readers, plan.blockBytes(), pace.requestBytes());
                continue;
            }
            pieces[index] = cut(extents, files, readers, plan.blockBytes(), plan.stagingBytes());
            for (int i = 0; i < pieces[index].length; i++) {
                Piece piece = pieces[index][i];
                pieces[index][i] = piece.to(Segment.of(piece, group, extents, plan.layout(index)));
            }
        }
        return pieces;
    }

    /**
     * How large requests are: one per reader, within limits.
     *
     * @param groupBytes what is read
     * @param readers number of reader threads
     * @param mostBytes the upper limit
     */
    static int wantedBytes(long groupBytes, int readers, long mostBytes) {
        // the few blocks that a group has beyond a whole number do not make requests larger
        long share = GroupExtents.roundUp(groupBytes / readers - LEAST_BYTES / 8, LEAST_BYTES);
        return (int) Math.min(mostBytes, Math.max(LEAST_BYTES, share));
    }

    private static Piece[] cut(
            GroupExtents extents, WeightFiles files, int readers, int blockBytes, long mostBytes) {
        long wanted = wantedBytes(extents.readBytes(), readers, mostBytes);
        long longest = Math.max(blockBytes, wanted / blockBytes * blockBytes);
        List<Piece> pieces = new ArrayList<>();
        for (Extent extent : extents.extents()) {
            int file = files.indexOf(extent.file());
            // pieces alike: a short rest would keep a reader as long as a whole one does
            long count = Math.max(1, (extent.length() + longest - 1) / longest);
            long step = GroupExtents.roundUp((extent.length() + count - 1) / count, blockBytes);
            for (long from = 0; from < extent.length(); from += step) {
                int length = (int) Math.min(step, extent.length() - from);
                int needed = (int) Math.min(length, extent.neededLength() - from);
                pieces.add(
                        new Piece(
                                file,
                                extent.offset() + from,
                                extent.slotOffset() + from,
                                length,
                                Math.max(0, needed),
                                List.of()));
            }
        }
        return pieces.toArray(Piece[]::new);
    }

    /** Returns the same piece, its weights going somewhere else. */
    private Piece to(List<Segment> target) {
        return new Piece(file, offset, slotOffset, length, needed, target);
    }

    /** How much of it goes somewhere else. */
    long weightBytes() {
        return segments.stream().mapToLong(Segment::sizeBytes).sum();
    }
}
