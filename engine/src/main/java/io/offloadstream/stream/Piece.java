/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.plan.GroupExtents;
import io.offloadstream.plan.GroupExtents.Extent;
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
 */
record Piece(int file, long offset, long slotOffset, int length, int needed) {

    /** Large enough for full bandwidth, small enough that a group keeps several readers busy. */
    private static final int MOST_BYTES = 4 << 20;

    /** Below this the cost of a request shows. */
    private static final int LEAST_BYTES = 1 << 20;

    /**
     * Cuts a group into requests: one per reader, within the limits above.
     *
     * @param extents of the group
     * @param files where file indices come from
     * @param readers number of reader threads
     * @param blockBytes what offsets and lengths are multiples of
     */
    static Piece[] cut(GroupExtents extents, WeightFiles files, int readers, int blockBytes) {
        long share = GroupExtents.roundUp(extents.readBytes() / readers, LEAST_BYTES);
        long wanted = Math.max(LEAST_BYTES, Math.min(MOST_BYTES, share));
        long step = GroupExtents.roundUp(wanted, blockBytes);
        List<Piece> pieces = new ArrayList<>();
        for (Extent extent : extents.extents()) {
            int file = files.indexOf(extent.file());
            for (long from = 0; from < extent.length(); from += step) {
                int length = (int) Math.min(step, extent.length() - from);
                int needed = (int) Math.min(length, extent.neededLength() - from);
                pieces.add(
                        new Piece(
                                file,
                                extent.offset() + from,
                                extent.slotOffset() + from,
                                length,
                                Math.max(0, needed)));
            }
        }
        return pieces.toArray(Piece[]::new);
    }
}
