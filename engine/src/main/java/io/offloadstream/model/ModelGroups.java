/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.checkpoint.Checkpoint;
import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.plan.GatherStaging;
import io.offloadstream.plan.GroupParts;
import io.offloadstream.plan.WeightGroup;
import io.offloadstream.plan.WeightGroup.Access;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.PackedBf16;
import java.util.ArrayList;
import java.util.List;

/**
 * The weight groups of a decoder, in the order of a pass: blocks, parts of the head, then the final
 * norm and the embedding, which are not streamed, and the escapes of a packed embedding.
 *
 * <p>The head is cut into row tiles of at most a slot's size, so that the widest group, and with it
 * every slot of the ring, stays a block or its largest part however large the vocabulary is.
 *
 * @param all groups by index
 * @param blocks how many blocks there are
 * @param blockGroups how many groups they are, from index 0
 * @param headParts how many follow that are parts of the head
 */
record ModelGroups(List<WeightGroup> all, int blocks, int blockGroups, int headParts) {

    /** Copies the list. */
    ModelGroups {
        all = List.copyOf(all);
    }

    /**
     * Binds the layouts of a decoder to a checkpoint.
     *
     * @param inParts whether large blocks are cut into parts, which stream one by one
     * @param slotCount slots of the ring that were asked for, each of a block
     */
    static ModelGroups of(Decoder decoder, Checkpoint checkpoint, boolean inParts, int slotCount) {
        List<WeightGroup> blocks = new ArrayList<>();
        for (int layer = 0; layer < decoder.blockCount(); layer++) {
            List<TensorEntry> tensors = decoder.block(layer).layout().bind(checkpoint, layer);
            blocks.add(new WeightGroup(layer, "layer." + layer, Access.STREAMED, tensors));
        }
        long partBytes = inParts ? GroupParts.bytes(blocks, slotCount) : Long.MAX_VALUE;
        List<WeightGroup> all = new ArrayList<>();
        for (WeightGroup block : blocks) {
            all.addAll(GroupParts.cut(block, partBytes, all.size()));
        }
        int blockGroups = all.size();
        long tileBytes = all.stream().mapToLong(WeightGroup::sizeBytes).max().orElseThrow();
        List<TensorEntry> headTensors = decoder.headLayout().bind(checkpoint, 0);
        TensorEntry head = headTensors.get(0);
        long rows = head.shape()[0];
        long step = rowsToPage(head);
        long steps = (rows + step - 1) / step;
        long parts = Math.min(steps, (head.sizeBytes() + tileBytes - 1) / tileBytes);
        for (long part = 0; part < parts; part++) {
            long begin = steps * part / parts * step;
            long end = Math.min(rows, steps * (part + 1) / parts * step);
            // what is beside the head, the escapes of a packed one, goes with every part of it
            List<TensorEntry> tensors = new ArrayList<>(headTensors);
            tensors.set(0, head.rows(begin, end));
            all.add(new WeightGroup(all.size(), "head." + part, Access.STREAMED, tensors));
        }
        List<TensorEntry> norm = decoder.finalLayout().bind(checkpoint, 0);
        all.add(new WeightGroup(all.size(), "final", Access.STATIC, norm));
        List<TensorEntry> tables = new ArrayList<>();
        List<TensorEntry> escapes = new ArrayList<>();
        for (TensorEntry entry : decoder.embeddingLayout().bind(checkpoint, 0)) {
            (entry.name().endsWith(PackedBf16.SUFFIX) ? escapes : tables).add(entry);
        }
        all.add(new WeightGroup(all.size(), "embedding", Access.GATHERED, tables));
        if (!escapes.isEmpty()) {
            all.add(new WeightGroup(all.size(), "embedding.escapes", Access.INDEX, escapes));
        }
        return new ModelGroups(all, decoder.blockCount(), blockGroups, Math.toIntExact(parts));
    }

    /**
     * From how many rows to how many one begins at a page, where the first does: a tile that begins
     * within a page is read with a part of the tile before it.
     */
    private static long rowsToPage(TensorEntry head) {
        long rowBytes = GatherStaging.rowBytes(head);
        long page = HostMemory.ALIGNMENT_BYTES;
        return rowBytes == 0 || head.offset() % page != 0
                ? 1
                : page / Math.min(page, Long.lowestOneBit(rowBytes));
    }

    /** Size of the longest row of a gathered table. */
    long longestRowBytes() {
        return all.get(embedding()).tensors().stream()
                .mapToLong(GatherStaging::rowBytes)
                .max()
                .orElse(0);
    }

    /** The widest part of the head, (rows, hidden). */
    long[] widestHeadShape() {
        long[] widest = {0, 0};
        for (int part = blockGroups; part < blockGroups + headParts; part++) {
            long[] shape = all.get(part).tensors().get(0).shape();
            widest = shape[0] > widest[0] ? shape : widest;
        }
        return widest;
    }

    /** Index of the final norm. */
    int finalNorm() {
        return blockGroups + headParts;
    }

    /** Index of the embedding. */
    int embedding() {
        return blockGroups + headParts + 1;
    }

    /** The streamed groups of a pass in order, with the head or without. */
    int[] order(boolean withHead) {
        int[] order = new int[blockGroups + (withHead ? headParts : 0)];
        for (int i = 0; i < order.length; i++) {
            order[i] = i;
        }
        return order;
    }
}
