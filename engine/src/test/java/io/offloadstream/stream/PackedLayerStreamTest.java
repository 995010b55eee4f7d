/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.checkpoint.Checkpoint;
import io.offloadstream.checkpoint.CheckpointException;
import io.offloadstream.checkpoint.PackedWriter;
import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.quant.PackedWeight;
import io.offloadstream.stream.StreamOptions.Io;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.function.Function;
import org.testng.annotations.Test;

/** Layers of packed copies come with their escapes, or not at all. */
public class PackedLayerStreamTest extends WeightFixture {

    private static final int ROWS = 37;

    private PackedWeight weight;

    private Path write() throws IOException {
        weight = new PackedWeight(new Random(8), ROWS, 96);
        Path copy = directory.resolve("copy");
        try (PackedWriter writer = PackedWriter.open(copy, "f")) {
            for (int layer = 0; layer < 3; layer++) {
                String name = "h." + layer + ".w";
                writer.group(
                        name,
                        name + ".bin",
                        packed -> {
                            packed.tensor(name, DType.BF16_PACKED, ROWS, 96).write(weight.packed);
                            packed.tensor(name + ".escapes", DType.U8, weight.escapes.length)
                                    .write(weight.escapes);
                        });
            }
            writer.finish(Map.of());
        }
        return copy;
    }

    private LayerStreamOptions options(Function<String, OptionalInt> grouping) {
        return new LayerStreamOptions(
                1_000_000, options(Io.BUFFERED, 1, 2), 1, grouping, new FaultyStorage());
    }

    @Test(timeOut = 600_000)
    public void aPackedTensorComesWithItsEscapes() throws IOException {
        Path copy = write();
        try (LayerStream stream =
                LayerStream.open(copy, options(LayerStreamOptions::firstNumber))) {
            stream.runPass(
                    0,
                    (x, weights, index) -> {
                        Tensor w = weights.get("h." + index + ".w");
                        byte[] escapes = new byte[weight.escapes.length];
                        HostMemory.view(w.escapes(), escapes.length).get(escapes);
                        assertEquals(escapes, weight.escapes);
                        return x;
                    });
        }
    }

    @Test(timeOut = 600_000)
    public void aGroupingThatPartsThemIsRefused() throws IOException {
        Path copy = write();
        Function<String, OptionalInt> parting =
                name ->
                        name.endsWith(".escapes")
                                ? OptionalInt.empty()
                                : LayerStreamOptions.firstNumber(name);
        try (LayerStream stream = LayerStream.open(copy, options(parting))) {
            IllegalArgumentException e =
                    expectThrows(
                            IllegalArgumentException.class,
                            () ->
                                    stream.runPass(
                                            (Tensor) null,
                                            (x, weights, index) -> weights.get("h.0.w")));
            assertTrue(e.getMessage().contains("no escapes beside it"), e.getMessage());
            assertTrue(e.getMessage().contains("h.0.w.escapes"), e.getMessage());
        }
    }

    @Test
    public void aDamagedIndexIsRefused() throws IOException {
        Path copy = write();
        TensorEntry escapes = Checkpoint.open(copy).get("h.1.w.escapes");
        byte[] bytes = Files.readAllBytes(escapes.file());
        bytes[(int) escapes.offset() + 16 + 4 * 20 + 3] ^= 0x10;
        Files.write(escapes.file(), bytes);
        CheckpointException e =
                expectThrows(
                        CheckpointException.class,
                        () -> LayerStream.open(copy, options(LayerStreamOptions::firstNumber)));
        assertTrue(e.getMessage().contains("h.1.w.escapes"), e.getMessage());
    }
}
