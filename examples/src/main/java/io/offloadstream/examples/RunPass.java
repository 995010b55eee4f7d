/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemorySize;
import io.offloadstream.platform.SuppressForbidden;
import io.offloadstream.stream.LayerStream;
import io.offloadstream.stream.LayerStreamOptions;
import java.nio.file.Path;
import java.util.zip.CRC32;

/**
 * To copy: a function of your own over the layers of any safetensors directory, streamed under a
 * budget. This one adds up a checksum and the bytes of each layer; yours may compute.
 */
public final class RunPass {

    private RunPass() {}

    /**
     * Checks a checkpoint.
     *
     * @param args directory and hostMemory; without them the storyteller with room for two layers
     */
    @SuppressForbidden("prints the checksums")
    public static void main(String[] args) {
        Path directory = args.length > 0 ? Path.of(args[0]) : Storyteller.unpack();
        long budget = MemorySize.parse("hostMemory", args.length > 1 ? args[1] : "1.2MB", 0);

        try (LayerStream layers =
                LayerStream.open(directory, LayerStreamOptions.ofMemory(budget))) {
            long total =
                    layers.runPass(
                            0L,
                            (bytes, weights, index) -> {
                                CRC32 checksum = new CRC32();
                                long size = 0;
                                for (String name : weights.names()) {
                                    Tensor tensor = weights.get(name);
                                    int length = Math.toIntExact(tensor.sizeBytes());
                                    checksum.update(HostMemory.view(tensor.address(), length));
                                    size += length;
                                }
                                System.out.printf(
                                        "layer %d: %d tensors, %d bytes, crc32 %08x%n",
                                        index, weights.names().size(), size, checksum.getValue());
                                return bytes + size;
                            });
            System.out.printf(
                    "%d layers, %s; %s from disk%n",
                    layers.layerCount(),
                    MemorySize.format(total),
                    MemorySize.format(layers.stats().read().bytes()));
        }
    }
}
