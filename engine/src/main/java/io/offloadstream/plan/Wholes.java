/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.plan;

import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.plan.WeightGroup.Access;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;

/** Which groups are parts of a whole, which a pass leases together. Immutable. */
public final class Wholes {

    /**
     * What there should be room for beside the parts that compute: the requests that are usually in
     * flight, and half as much again that is read while they compute.
     */
    private static final long AHEAD_BYTES = 48 << 20;

    private final List<WeightGroup> groups;
    private final int[] partCounts;
    private final int mostParts;
    private final int[][] places;
    private final long[] sizesBytes;

    Wholes(List<WeightGroup> groups) {
        this.groups = groups;
        partCounts = new int[groups.size()];
        places = new int[groups.size()][];
        sizesBytes = new long[groups.size()];
        for (WeightGroup group : groups) {
            partCounts[group.whole().index()]++;
            sizesBytes[group.whole().index()] += group.sizeBytes();
            IdentityHashMap<TensorEntry, Integer> inWhole = new IdentityHashMap<>();
            for (TensorEntry entry : group.whole().tensors()) {
                inWhole.put(entry, inWhole.size());
            }
            places[group.index()] = group.tensors().stream().mapToInt(inWhole::get).toArray();
        }
        mostParts = Arrays.stream(partCounts).max().orElse(1);
    }

    /**
     * Returns how many groups, from this one on, a pass leases together.
     *
     * @param group index of a group that is no part, or of the first part of a whole
     * @return 1, or the number of parts; 0 for a part that is not the first
     */
    public int partCount(int group) {
        return partCounts[group];
    }

    /**
     * Returns what a pass leases together.
     *
     * @param first index of a group that is no part, or of the first part of a whole
     * @return its index, or those of all parts
     */
    public int[] parts(int first) {
        int[] parts = new int[partCounts[first]];
        Arrays.setAll(parts, part -> first + part);
        return parts;
    }

    /**
     * Returns the size of what a pass leases together.
     *
     * @param first index of a group that is no part, or of the first part of a whole
     * @return bytes of all its tensors as stored
     */
    public long sizeBytes(int first) {
        return sizesBytes[first];
    }

    /**
     * Returns how many slots a ring needs at least: those of the parts that are leased together.
     *
     * @return the most parts that a whole has, 1 if none is cut
     */
    public int mostParts() {
        return mostParts;
    }

    /**
     * Returns how many slots a ring has: those of the parts of one whole, and for each slot that
     * was asked for beside the first as many as are worth reading ahead into, at most a whole.
     *
     * @param streaming parts of a whole, at most {@link #mostParts}
     * @param mostParts of a whole
     * @param slotCount asked for, counted in wholes
     * @param slotBytes size of a slot, which holds a part
     * @return slots, no more than an int holds; slotCount where no whole is cut
     */
    static int slots(int streaming, int mostParts, int slotCount, long slotBytes) {
        long worth = AHEAD_BYTES / Math.max(1, slotBytes) + 1;
        long slots = streaming + (slotCount - 1L) * Math.min(mostParts, worth);
        return (int) Math.min(Integer.MAX_VALUE, slots);
    }

    /** Returns what slots take together, no more than a long holds. */
    static long ringBytes(int slots, long slotBytes) {
        boolean fits = slotBytes <= Long.MAX_VALUE / Math.max(1, slots);
        return fits ? slots * slotBytes : Long.MAX_VALUE;
    }

    /**
     * Returns where a tensor of a part is in the whole, as {@link WeightRef}s count.
     *
     * @param group index of any group
     * @param tensor its place in the group
     * @return its place in {@link WeightGroup#whole}
     */
    public int placeInWhole(int group, int tensor) {
        return places[group][tensor];
    }

    /**
     * Checks what a pass is asked to go through.
     *
     * @param order indices of groups
     * @throws IllegalArgumentException if one is not STREAMED, or not all parts of a whole follow
     *     one another
     */
    public void requireStreamed(int[] order) {
        int next = 0;
        for (int i = 0; i < order.length; i++) {
            WeightGroup group = groups.get(order[i]);
            if (group.access() != Access.STREAMED) {
                throw new IllegalArgumentException("group " + group.name() + " is not STREAMED");
            }
            boolean begins = i == next && partCounts[order[i]] > 0;
            boolean goesOn = i < next && order[i] == order[i - 1] + 1;
            next = begins ? i + partCounts[order[i]] : next;
            if ((!begins && !goesOn) || next > order.length) {
                throw new IllegalArgumentException(
                        "group "
                                + group.name()
                                + " at place "
                                + i
                                + " of an order is not among the other parts of "
                                + group.whole().name()
                                + "; list all of them, one behind the other");
            }
        }
    }
}
