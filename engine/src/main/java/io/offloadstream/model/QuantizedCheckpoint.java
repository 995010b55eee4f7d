/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.checkpoint.Checkpoint;
import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.model.PackedGroups.Group;
import io.offloadstream.model.PackedGroups.Item;
import io.offloadstream.plan.GroupLayout.Use;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.Storage;
import io.offloadstream.quant.Quantization;
import io.offloadstream.quant.QuantizedFiles;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * A checkpoint as the option {@code quantize} wants it: matrices are quantised while they are read,
 * the same ones and to the same bytes as in a packed copy.
 *
 * @param checkpoint what is planned with
 * @param storage where it is read from
 */
record QuantizedCheckpoint(Checkpoint checkpoint, Storage storage) {

    /**
     * Quantises a checkpoint.
     *
     * @param decoder whose weights they are
     * @param original of F32, F16 and BF16 matrices, losslessly packed or not
     * @param quantization which blocks, or none: then all stays as it is
     * @param storage where the original is read from
     * @throws io.offloadstream.checkpoint.CheckpointException if it is quantised already
     */
    static QuantizedCheckpoint of(
            Decoder decoder, Checkpoint original, Quantization quantization, Storage storage) {
        if (quantization == Quantization.NONE) {
            return new QuantizedCheckpoint(original, storage);
        }
        DType type = quantization.type().orElseThrow();
        String name = quantization.name().toLowerCase(Locale.ROOT);
        Path file = original.directory().resolve("(quantize=" + name + ")");
        QuantizedFiles files = new QuantizedFiles(storage, file, type);
        Map<String, TensorEntry> tensors = new HashMap<>(original.tensors());
        for (Group group : PackedGroups.of(decoder, original)) {
            for (Item item : group.items()) {
                if (EncoderChoice.isQuantized(item, quantization)) {
                    tensors.put(item.entry().name(), add(files, item));
                }
            }
        }
        return new QuantizedCheckpoint(new Checkpoint(original.directory(), tensors), files);
    }

    private static TensorEntry add(QuantizedFiles files, Item item) {
        return item.isPacked()
                ? files.addUnpacked(item.entry(), item.escapes())
                : files.add(item.entry(), item.use() == Use.INPUT_MAJOR);
    }
}
