/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.plan;

import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.plan.WeightGroup.Access;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.PackedBf16;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * The groups of a Llama of bfloat16, in parts and with a head in tiles as the engine cuts them:
 * sizes and places only, no weights.
 */
final class LlamaGroups {

    private final boolean packed;
    private final Random random;
    private final List<WeightGroup> groups = new ArrayList<>();
    private long end;

    /**
     * Makes the groups.
     *
     * @param layers blocks
     * @param hidden width
     * @param keys width of keys, and of values
     * @param mlp width of the gated MLP
     * @param vocab rows of the head
     * @param packed whether matrices are packed without loss, each with escapes of its own number
     * @param seed of these numbers
     */
    LlamaGroups(
            int layers, long hidden, long keys, long mlp, long vocab, boolean packed, int seed) {
        this.packed = packed;
        random = new Random(seed);
        List<WeightGroup> blocks = new ArrayList<>();
        for (int layer = 0; layer < layers; layer++) {
            end = (end + 4095) / 4096 * 4096; // in a packed copy each group has a file
            blocks.add(block(layer, hidden, keys, mlp));
        }
        long partBytes = GroupParts.bytes(blocks, 2);
        blocks.forEach(block -> groups.addAll(GroupParts.cut(block, partBytes, groups.size())));
        long tileBytes = groups.stream().mapToLong(WeightGroup::sizeBytes).max().orElseThrow();
        List<TensorEntry> head = new ArrayList<>();
        matrix(head, "head", vocab, hidden);
        int tiles = (int) ((head.get(0).sizeBytes() + tileBytes - 1) / tileBytes);
        for (int tile = 0; tile < tiles; tile++) {
            List<TensorEntry> tensors = new ArrayList<>(head);
            tensors.set(0, head.get(0).rows(vocab * tile / tiles, vocab * (tile + 1) / tiles));
            int index = groups.size();
            groups.add(new WeightGroup(index, "head." + tile, Access.STREAMED, tensors));
        }
    }

    /** In the order of a published file: by name. */
    private WeightGroup block(int layer, long hidden, long keys, long mlp) {
        List<TensorEntry> tensors = new ArrayList<>();
        String block = "layer." + layer;
        norm(tensors, block + ".input", hidden);
        matrix(tensors, block + ".down", hidden, mlp);
        matrix(tensors, block + ".gate", mlp, hidden);
        matrix(tensors, block + ".up", mlp, hidden);
        norm(tensors, block + ".post", hidden);
        matrix(tensors, block + ".k", keys, hidden);
        matrix(tensors, block + ".o", hidden, hidden);
        matrix(tensors, block + ".q", hidden, hidden);
        matrix(tensors, block + ".v", keys, hidden);
        return new WeightGroup(layer, block, Access.STREAMED, tensors);
    }

    private void norm(List<TensorEntry> tensors, String name, long width) {
        tensors.add(entry(name, DType.BF16, 2 * width, width));
    }

    private void matrix(List<TensorEntry> tensors, String name, long rows, long columns) {
        DType type = packed ? DType.BF16_PACKED : DType.BF16;
        tensors.add(entry(name, type, rows * type.bytes(columns), rows, columns));
        if (packed) {
            // 0.02 % of the weights, as measured, more or less
            long escapes = (long) (rows * columns * 0.0002 * (1 + random.nextDouble()));
            long bytes = PackedBf16.escapesBytes(rows, escapes);
            tensors.add(entry(name + PackedBf16.SUFFIX, DType.U8, bytes, bytes));
        }
    }

    private TensorEntry entry(String name, DType type, long bytes, long... shape) {
        end = (end + 255) / 256 * 256;
        TensorEntry entry = new TensorEntry(name, type, shape, Path.of("weights.bin"), end, bytes);
        end += bytes;
        return entry;
    }

    /** All of them, in the order of a pass. */
    List<WeightGroup> all() {
        return List.copyOf(groups);
    }
}
