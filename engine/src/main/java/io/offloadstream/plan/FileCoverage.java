/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.plan;

import io.offloadstream.checkpoint.TensorEntry;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Map.Entry;
import java.util.TreeMap;

/**
 * Which file bytes some groups hold, for tables that share their bytes with others: an input table
 * tied to the head is in memory where the parts of the head are. Immutable once filled.
 */
public final class FileCoverage {

    /**
     * A tensor that holds given bytes.
     *
     * @param group index of its group
     * @param tensor its place in the group
     * @param begin first byte in the file
     * @param end one past its last byte
     */
    public record Holder(int group, int tensor, long begin, long end) {}

    private final Map<Path, TreeMap<Long, Holder>> holders = new HashMap<>();

    /**
     * Constructs a coverage.
     *
     * @param groups whose bytes count
     */
    public FileCoverage(List<WeightGroup> groups) {
        for (WeightGroup group : groups) {
            for (int tensor = 0; tensor < group.tensors().size(); tensor++) {
                TensorEntry entry = group.tensors().get(tensor);
                long end = entry.offset() + entry.sizeBytes();
                Holder holder = new Holder(group.index(), tensor, entry.offset(), end);
                holders.computeIfAbsent(entry.file(), file -> new TreeMap<>())
                        .merge(
                                entry.offset(),
                                holder,
                                (one, other) -> one.end() >= other.end() ? one : other);
            }
        }
    }

    /**
     * Finds who holds some bytes.
     *
     * @param file the file
     * @param begin first byte
     * @param end one past the last
     * @return a tensor that holds them all, or null
     */
    public Holder find(Path file, long begin, long end) {
        Holder holder = startingBefore(file, begin);
        return holder != null && holder.end() >= end ? holder : null;
    }

    /**
     * Tells whether all bytes of a group are held, by one tensor or several.
     *
     * @param group the group
     * @return true if none is missing
     */
    public boolean covers(WeightGroup group) {
        for (TensorEntry entry : group.tensors()) {
            long reached = entry.offset();
            long end = entry.offset() + entry.sizeBytes();
            while (reached < end) {
                Holder holder = startingBefore(entry.file(), reached);
                if (holder == null || holder.end() <= reached) {
                    return false;
                }
                reached = holder.end();
            }
        }
        return true;
    }

    private Holder startingBefore(Path file, long offset) {
        TreeMap<Long, Holder> sorted = holders.get(file);
        Entry<Long, Holder> entry = sorted == null ? null : sorted.floorEntry(offset);
        return entry == null ? null : entry.getValue();
    }
}
