/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.checkpoint;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import io.offloadstream.platform.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.testng.SkipException;
import org.testng.annotations.BeforeClass;
import org.testng.annotations.Test;

/** Checkpoints that the safetensors library itself wrote. */
public class ReferenceCheckpointTest {

    private Path reference;

    @BeforeClass
    public void find() {
        reference = Path.of(System.getProperty("offloadstream.shared"), "reference");
        if (!Files.isDirectory(reference)) {
            throw new SkipException("../shared is absent");
        }
    }

    @Test
    public void everyPublishedFileOpensAndIsCoveredByItsTensors() throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.walk(reference)) {
            files = all.filter(file -> file.toString().endsWith(".safetensors")).toList();
        }
        assertTrue(files.size() >= 30, files.toString());
        for (Path file : files) {
            long end = 0;
            for (TensorEntry tensor : Checkpoint.open(file).tensors().values()) {
                assertTrue(tensor.type().sizeBytes() > 0, file + ": " + tensor);
                end = Math.max(end, tensor.offset() + tensor.sizeBytes());
            }
            assertEquals(end, Files.size(file), file.toString());
        }
    }

    @Test
    public void everyModelDirectoryOpensWithItsStoredType() throws IOException {
        Map<String, DType> typeByModel = new HashMap<>();
        try (Stream<Path> models = Files.list(reference)) {
            for (Path model : models.filter(Files::isDirectory).toList()) {
                Map<String, TensorEntry> tensors = Checkpoint.open(model).tensors();
                tensors.forEach((name, tensor) -> assertEquals(tensor.name(), name));
                typeByModel.put(
                        model.getFileName().toString(),
                        tensors.values().stream()
                                .filter(tensor -> tensor.name().endsWith("norm.weight"))
                                .findFirst()
                                .map(TensorEntry::type)
                                .orElse(DType.F32));
            }
        }
        assertEquals(typeByModel.get("llama-tiny"), DType.BF16);
        assertEquals(typeByModel.get("llama-sharded"), DType.F16);
        assertEquals(typeByModel.get("gpt2-tiny"), DType.F32);
    }

    @Test
    public void shardsJoinIntoOneModel() {
        Checkpoint checkpoint = Checkpoint.open(reference.resolve("llama-sharded"));
        assertEquals(
                checkpoint.tensors().values().stream().map(TensorEntry::file).distinct().count(),
                3);
        TensorEntry query = checkpoint.get("model.layers.0.self_attn.q_proj.weight");
        assertEquals(query.type(), DType.F16);
        assertEquals(query.shape().length, 2);
        assertEquals(query.sizeBytes(), 2 * query.shape()[0] * query.shape()[1]);
    }

    @Test
    public void storedValuesAreWhereTheEntrySays() throws IOException {
        // Norm weights of these models were drawn around 1, stored in bfloat16
        TensorEntry norm =
                Checkpoint.open(reference.resolve("llama-tiny"))
                        .get("model.layers.0.input_layernorm.weight");
        byte[] file = Files.readAllBytes(norm.file());
        assertEquals(norm.sizeBytes(), 2 * norm.shape()[0]);
        double sum = 0;
        for (int i = 0; i < norm.shape()[0]; i++) {
            int at = (int) norm.offset() + 2 * i;
            float value =
                    Float.intBitsToFloat(((file[at + 1] & 0xFF) << 24) | ((file[at] & 0xFF) << 16));
            assertTrue(value > 0 && value < 2, "element " + i + ": " + value);
            sum += value;
        }
        assertEquals(sum / norm.shape()[0], 1, 0.1);
    }
}
