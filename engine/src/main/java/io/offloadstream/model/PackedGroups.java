/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.checkpoint.Checkpoint;
import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.plan.GroupLayout;
import io.offloadstream.plan.GroupLayout.Use;
import io.offloadstream.plan.WeightRef;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.PackedBf16;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * The groups of a packed copy: blocks, the final norm, the head, the tables. A tensor that two of
 * them have (a head tied to the table) is kept once, with the last of them.
 */
final class PackedGroups {

    /**
     * A tensor of the source.
     *
     * @param entry where it lies
     * @param escapes what lies beside it if it is losslessly packed, else null
     * @param use what kernels do with it
     */
    record Item(TensorEntry entry, TensorEntry escapes, Use use) {

        boolean isPacked() {
            return escapes != null;
        }

        /** The type of its elements: what is losslessly packed is BF16 stored shorter. */
        DType elementType() {
            return isPacked() ? DType.BF16 : entry.type();
        }

        /** What lies on the disk. */
        List<TensorEntry> stored() {
            return isPacked() ? List.of(entry, escapes) : List.of(entry);
        }
    }

    /**
     * A group of the copy.
     *
     * @param name for messages
     * @param file plain name of its file
     * @param items its tensors, in the order of its layout
     */
    record Group(String name, String file, List<Item> items) {}

    private PackedGroups() {}

    static List<Group> of(Decoder decoder, Checkpoint checkpoint) {
        List<Group> groups = new ArrayList<>();
        for (int layer = 0; layer < decoder.blockCount(); layer++) {
            String file = String.format(Locale.ROOT, "layer_%03d.bin", layer);
            List<Item> items = items(decoder.block(layer).layout(), checkpoint, layer);
            groups.add(new Group("layer." + layer, file, items));
        }
        groups.add(new Group("final", "final.bin", items(decoder.finalLayout(), checkpoint, 0)));
        groups.add(new Group("head", "head.bin", items(decoder.headLayout(), checkpoint, 0)));
        groups.add(
                new Group(
                        "embedding",
                        "embedding.bin",
                        items(decoder.embeddingLayout(), checkpoint, 0)));
        return once(groups);
    }

    private static List<Item> items(GroupLayout layout, Checkpoint checkpoint, int layer) {
        List<TensorEntry> entries = layout.bind(checkpoint, layer);
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < layout.size(); i++) {
            TensorEntry entry = entries.get(i);
            boolean isPacked = entry.type() == DType.BF16_PACKED;
            TensorEntry escapes =
                    isPacked ? checkpoint.get(entry.name() + PackedBf16.SUFFIX) : null;
            items.add(new Item(entry, escapes, layout.use(new WeightRef(i))));
        }
        return items;
    }

    private static List<Group> once(List<Group> groups) {
        Set<String> seen = new HashSet<>();
        List<Group> result = new ArrayList<>();
        for (int i = groups.size() - 1; i >= 0; i--) {
            Group group = groups.get(i);
            List<Item> items =
                    group.items().stream().filter(item -> seen.add(item.entry().name())).toList();
            if (!items.isEmpty()) {
                result.add(0, new Group(group.name(), group.file(), items));
            }
        }
        return result;
    }
}
