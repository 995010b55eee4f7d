/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.plan;

import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.platform.HostMemory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Which parts of which files a group is read from, and where they land in a slot: extents widened
 * to blocks, one behind another. Weights keep the alignment that their file gave them, so kernels
 * use unaligned loads. Immutable.
 */
public final class GroupExtents implements SlotLayout {

    /** A gap up to this size costs less to read than another request to the disk. */
    private static final long MAX_GAP_BYTES = 64 << 10;

    /** Gaps may add at most one part in this many to what is read. */
    private static final int GAP_SHARE = 20;

    /**
     * Consecutive bytes of a file.
     *
     * @param file where they lie
     * @param offset first byte, a multiple of the block
     * @param length bytes to read, a multiple of the block; may reach past the end of the file
     * @param neededLength how many of them hold weights or lie before weights
     * @param slotOffset where they land in the slot
     */
    public record Extent(Path file, long offset, long length, long neededLength, long slotOffset) {}

    /** A run of bytes before it is widened. */
    private record Run(Path file, long begin, long end) {}

    private final List<Extent> extents;
    private final long[] tensorOffsets;
    private final long readBytes;
    private final long slotBytes;

    private GroupExtents(List<Extent> extents, long[] tensorOffsets, int blockBytes) {
        this.extents = List.copyOf(extents);
        this.tensorOffsets = tensorOffsets;
        this.readBytes = extents.stream().mapToLong(Extent::length).sum();
        // A slot that is read into directly starts at a page only if its size is one
        long unit = blockBytes == 1 ? 1 : Math.max(blockBytes, HostMemory.ALIGNMENT_BYTES);
        this.slotBytes = Math.max(unit, roundUp(readBytes, unit));
    }

    /**
     * Lays a group out.
     *
     * @param group the group
     * @param blockBytes what offsets and lengths of reads are multiples of, 1 if reads are not
     *     direct
     * @return its extents
     */
    public static GroupExtents of(WeightGroup group, int blockBytes) {
        List<Run> runs = bridgeGaps(runs(group.tensors(), blockBytes), blockBytes);
        List<Extent> extents = new ArrayList<>();
        long slotOffset = 0;
        for (Run run : runs) {
            long begin = run.begin() / blockBytes * blockBytes;
            long length = roundUp(run.end(), blockBytes) - begin;
            extents.add(new Extent(run.file(), begin, length, run.end() - begin, slotOffset));
            slotOffset += length;
        }
        long[] tensorOffsets = new long[group.tensors().size()];
        for (int i = 0; i < tensorOffsets.length; i++) {
            tensorOffsets[i] = slotOffset(group.tensors().get(i), extents);
        }
        return new GroupExtents(extents, tensorOffsets, blockBytes);
    }

    /** Merges what touches, or shares a block: reading that apart would read the block twice. */
    private static List<Run> runs(List<TensorEntry> tensors, int blockBytes) {
        List<TensorEntry> sorted = new ArrayList<>(tensors);
        sorted.removeIf(entry -> entry.sizeBytes() == 0);
        sorted.sort(
                Comparator.comparing((TensorEntry entry) -> entry.file().toString())
                        .thenComparingLong(TensorEntry::offset));
        List<Run> runs = new ArrayList<>();
        for (TensorEntry entry : sorted) {
            long end = entry.offset() + entry.sizeBytes();
            Run last = runs.isEmpty() ? null : runs.get(runs.size() - 1);
            if (last != null
                    && last.file().equals(entry.file())
                    && entry.offset() / blockBytes * blockBytes
                            <= roundUp(last.end(), blockBytes)) {
                runs.set(
                        runs.size() - 1,
                        new Run(last.file(), last.begin(), Math.max(last.end(), end)));
            } else {
                runs.add(new Run(entry.file(), entry.offset(), end));
            }
        }
        return runs;
    }

    /** Reads the smallest gaps along, as long as they stay a small share of the whole. */
    private static List<Run> bridgeGaps(List<Run> runs, int blockBytes) {
        long payload = runs.stream().mapToLong(run -> run.end() - run.begin()).sum();
        long allowed = payload / GAP_SHARE;
        List<Integer> bridgeable = new ArrayList<>();
        for (int i = 1; i < runs.size(); i++) {
            boolean sameFile = runs.get(i).file().equals(runs.get(i - 1).file());
            if (sameFile && gap(runs, i) <= MAX_GAP_BYTES) {
                bridgeable.add(i);
            }
        }
        bridgeable.sort(Comparator.comparingLong(i -> gap(runs, i)));
        boolean[] bridged = new boolean[runs.size()];
        for (int i : bridgeable) {
            // measured from block to block: the rest of a block is read anyway
            long waste =
                    runs.get(i).begin() / blockBytes * blockBytes
                            - roundUp(runs.get(i - 1).end(), blockBytes);
            bridged[i] = waste <= allowed;
            allowed -= bridged[i] ? waste : 0;
        }
        List<Run> merged = new ArrayList<>();
        for (int i = 0; i < runs.size(); i++) {
            Run run = runs.get(i);
            if (bridged[i]) {
                Run last = merged.remove(merged.size() - 1);
                run = new Run(run.file(), last.begin(), run.end());
            }
            merged.add(run);
        }
        return merged;
    }

    private static long gap(List<Run> runs, int i) {
        return runs.get(i).begin() - runs.get(i - 1).end();
    }

    private static long slotOffset(TensorEntry entry, List<Extent> extents) {
        for (Extent extent : extents) {
            if (extent.file().equals(entry.file())
                    && entry.offset() >= extent.offset()
                    && entry.offset() < extent.offset() + extent.length()) {
                return extent.slotOffset() + entry.offset() - extent.offset();
            }
        }
        // a tensor without elements lies nowhere, and nobody reads it
        return 0;
    }

    /**
     * Rounds up.
     *
     * @param value not negative
     * @param unit at least 1
     * @return the least multiple of the unit that is not less than the value
     */
    public static long roundUp(long value, long unit) {
        return (value + unit - 1) / unit * unit;
    }

    /**
     * Returns what is read.
     *
     * @return extents by file and offset
     */
    public List<Extent> extents() {
        return extents;
    }

    /**
     * Returns where a tensor lies in the slot.
     *
     * @param tensor its place in the group
     * @return bytes from the start of the slot
     */
    @Override
    public long tensorOffset(int tensor) {
        return tensorOffsets[tensor];
    }

    /**
     * Returns how much is read from disk for the group, whole blocks.
     *
     * @return bytes
     */
    public long readBytes() {
        return readBytes;
    }

    /**
     * Returns how large a slot must be.
     *
     * @return bytes, more than 0
     */
    @Override
    public long slotBytes() {
        return slotBytes;
    }

    /**
     * Returns what a slot of this size is charged.
     *
     * @return bytes
     */
    public long chargedBytes() {
        return HostMemory.chargedBytes(slotBytes);
    }
}
