/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.plan;

import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.plan.WeightGroup.Access;
import io.offloadstream.platform.PackedBf16;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Cuts a group into parts that lie one behind the other in its files.
 *
 * <p>A slot of the ring holds a part. While a group computes, the ring needs the slots of its parts
 * that stream and those that are worth reading ahead into, which together are less than the slots
 * of whole groups would be; and what the budget has left keeps a part where it would not keep a
 * group.
 */
public final class GroupParts {

    /** Below this a part would not keep several requests busy. */
    static final long LEAST_BYTES = 16 << 20;

    /** The least size of parts that is tried is this share of the largest group. */
    private static final int LEAST_SHARE = 8;

    private GroupParts() {}

    /**
     * Returns how large parts should be, so that the ring is smallest that holds all parts of a
     * group and what is read ahead.
     *
     * @param groups what will be cut, as whole groups
     * @param slotCount slots that were asked for, each of a whole group, at least 1
     * @return bytes, as {@link #cut} takes them; so many that nothing is cut where that is best
     */
    public static long bytes(List<WeightGroup> groups, int slotCount) {
        long largest = groups.stream().mapToLong(WeightGroup::sizeBytes).max().orElse(0);
        long best = largest;
        long bestRing = Wholes.ringBytes(slotCount, largest);
        for (int share = 2; share <= LEAST_SHARE; share++) {
            long bytes = Math.max(LEAST_BYTES, (largest + share - 1) / share);
            long slot = 0;
            int parts = 0;
            for (WeightGroup group : groups) {
                List<List<TensorEntry>> cut = cut(group, bytes);
                parts = Math.max(parts, cut.size());
                slot = cut.stream().mapToLong(GroupParts::sizeBytes).reduce(slot, Math::max);
            }
            long ring = Wholes.ringBytes(Wholes.slots(parts, parts, slotCount, slot), slot);
            if (ring < bestRing) {
                best = bytes;
                bestRing = ring;
            }
        }
        return best;
    }

    /**
     * Cuts a group at boundaries of tensors.
     *
     * @param group no part itself
     * @param mostBytes of a part, unless one tensor with its escapes takes more
     * @param firstIndex index of the first part; the others follow
     * @return the parts; one group alone if it takes no more than that
     */
    public static List<WeightGroup> cut(WeightGroup group, long mostBytes, int firstIndex) {
        WeightGroup whole =
                new WeightGroup(firstIndex, group.name(), group.access(), group.tensors());
        List<List<TensorEntry>> cut = cut(group, mostBytes);
        if (cut.size() <= 1 || group.access() != Access.STREAMED) {
            return List.of(whole);
        }
        List<WeightGroup> parts = new ArrayList<>();
        for (List<TensorEntry> tensors : cut) {
            int number = parts.size() + 1;
            String name = group.name() + " (" + number + "/" + cut.size() + ")";
            int index = firstIndex + parts.size();
            parts.add(new WeightGroup(index, name, group.access(), tensors, whole));
        }
        return parts;
    }

    private static List<List<TensorEntry>> cut(WeightGroup group, long mostBytes) {
        List<List<TensorEntry>> parts = new ArrayList<>();
        long partBytes = 0;
        for (List<TensorEntry> unit : units(group)) {
            long unitBytes = sizeBytes(unit);
            if (parts.isEmpty() || partBytes + unitBytes > mostBytes) {
                parts.add(new ArrayList<>());
                partBytes = 0;
            }
            parts.get(parts.size() - 1).addAll(unit);
            partBytes += unitBytes;
        }
        return parts;
    }

    /** What must not be separated, a packed tensor and its escapes, in the order of the files. */
    private static List<List<TensorEntry>> units(WeightGroup group) {
        List<TensorEntry> sorted = new ArrayList<>(group.tensors());
        sorted.sort(
                Comparator.comparing((TensorEntry entry) -> entry.file().toString())
                        .thenComparingLong(TensorEntry::offset));
        Map<String, List<TensorEntry>> units = new HashMap<>();
        List<List<TensorEntry>> inOrder = new ArrayList<>();
        for (TensorEntry entry : sorted) {
            String name = entry.name();
            String packed =
                    name.endsWith(PackedBf16.SUFFIX)
                            ? name.substring(0, name.length() - PackedBf16.SUFFIX.length())
                            : name;
            List<TensorEntry> unit = units.get(packed);
            if (unit == null) {
                unit = new ArrayList<>();
                units.put(packed, unit);
                inOrder.add(unit);
            }
            unit.add(entry);
        }
        return inOrder;
    }

    private static long sizeBytes(List<TensorEntry> tensors) {
        return tensors.stream().mapToLong(TensorEntry::sizeBytes).sum();
    }
}
