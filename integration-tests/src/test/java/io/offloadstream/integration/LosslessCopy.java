/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import io.offloadstream.checkpoint.Checkpoint;
import io.offloadstream.checkpoint.PackedWriter;
import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.quant.LosslessEncoder;
import io.offloadstream.quant.PlainEncoder;
import io.offloadstream.quant.SourceFiles;
import io.offloadstream.quant.TensorEncoder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Map;

/** Packs the matrices of a model losslessly. */
final class LosslessCopy {

    private LosslessCopy() {}

    static void make(Path source, Path target) {
        try (SourceFiles files = new SourceFiles();
                PackedWriter writer = PackedWriter.open(target, "test")) {
            writer.copy(source.resolve("config.json"));
            writer.group(
                    "all",
                    "all.bin",
                    packed -> {
                        for (TensorEntry entry : Checkpoint.open(source).tensors().values()) {
                            TensorEncoder encoder =
                                    entry.shape().length == 2
                                            ? new LosslessEncoder()
                                            : new PlainEncoder();
                            encoder.encode(
                                    files.rows(entry),
                                    (suffix, type, shape) ->
                                            packed.tensor(entry.name() + suffix, type, shape));
                        }
                    });
            writer.finish(Map.of());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
