/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import io.offloadstream.checkpoint.SafetensorsWriter;
import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.MemorySize;
import io.offloadstream.platform.OffloadStreamException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * A Llama of random weights on disk. Weights are drawn so that the hidden state keeps its size from
 * block to block: deviation 1/sqrt(inputs), and less by sqrt(2 blocks) where a block adds to it.
 */
final class SyntheticCheckpoint {

    /** The name of the file that holds all weights. */
    static final String FILE = "model.safetensors";

    private static final int CHUNK_BYTES = 1 << 20;
    private static final double EMBEDDING_DEVIATION = 0.02;

    /** What a file system should keep free beyond the file. */
    private static final long SPARE_BYTES = 64_000_000;

    private final LlamaShape shape;
    private final RandomWeights weights;
    private final byte[] chunk = new byte[CHUNK_BYTES];

    /**
     * Describes a checkpoint.
     *
     * @param shape its dimensions
     * @param seed of its weights
     */
    SyntheticCheckpoint(LlamaShape shape, long seed) {
        this.shape = shape;
        this.weights = new RandomWeights(seed);
    }

    /**
     * Makes the checkpoint, unless it is there.
     *
     * @param directory where; made if it is missing
     * @param log told what was done
     * @throws OffloadStreamException if the directory holds another model, or has no room
     */
    void make(Path directory, PrintWriter log) {
        Path config = directory.resolve("config.json");
        Path file = directory.resolve(FILE);
        try {
            Files.createDirectories(directory);
            if (Files.exists(config) && !Files.readString(config).equals(shape.configJson())) {
                throw new OffloadStreamException(
                        directory + " holds another model; name an empty directory");
            }
            if (Files.exists(config) && Files.exists(file)) {
                log.printf(
                        Locale.ROOT, "checkpoint: %s, made earlier, %s%n", directory, describe());
                return;
            }
            requireRoom(directory);
            long begin = System.nanoTime();
            Files.writeString(config, shape.configJson());
            writer().write(file, this::write);
            double seconds = (System.nanoTime() - begin) / 1e9;
            log.printf(
                    Locale.ROOT,
                    "checkpoint: %s, made in %.1f s, %s%n",
                    directory,
                    seconds,
                    describe());
            log.flush();
        } catch (IOException e) {
            throw new UncheckedIOException("the checkpoint cannot be made in " + directory, e);
        }
    }

    private String describe() {
        return MemorySize.format(shape.sizeBytes())
                + ", "
                + shape.layers()
                + " blocks, hidden "
                + shape.hidden()
                + ", vocabulary "
                + shape.vocab()
                + ", bf16";
    }

    private void requireRoom(Path directory) throws IOException {
        FileStore disk = Files.getFileStore(directory);
        long needed = shape.sizeBytes() + SPARE_BYTES;
        if (disk.getUsableSpace() < needed) {
            throw new OffloadStreamException(
                    "a checkpoint of this size needs "
                            + needed
                            + " bytes in "
                            + directory
                            + ", "
                            + disk.getUsableSpace()
                            + " are free; name another place with --directory or a lesser size");
        }
    }

    private SafetensorsWriter writer() {
        int hidden = shape.hidden();
        int query = shape.heads() * shape.headDim();
        int key = shape.kvHeads() * shape.headDim();
        int mlp = shape.intermediate();
        SafetensorsWriter writer = new SafetensorsWriter();
        writer.add("model.embed_tokens.weight", DType.BF16, shape.vocab(), hidden);
        for (int layer = 0; layer < shape.layers(); layer++) {
            String block = "model.layers." + layer + ".";
            writer.add(block + "input_layernorm.weight", DType.BF16, hidden);
            writer.add(block + "self_attn.q_proj.weight", DType.BF16, query, hidden);
            writer.add(block + "self_attn.k_proj.weight", DType.BF16, key, hidden);
            writer.add(block + "self_attn.v_proj.weight", DType.BF16, key, hidden);
            writer.add(block + "self_attn.o_proj.weight", DType.BF16, hidden, query);
            writer.add(block + "post_attention_layernorm.weight", DType.BF16, hidden);
            writer.add(block + "mlp.gate_proj.weight", DType.BF16, mlp, hidden);
            writer.add(block + "mlp.up_proj.weight", DType.BF16, mlp, hidden);
            writer.add(block + "mlp.down_proj.weight", DType.BF16, hidden, mlp);
        }
        return writer.add("model.norm.weight", DType.BF16, hidden);
    }

    private void write(TensorEntry tensor, OutputStream target) throws IOException {
        boolean norm = tensor.shape().length == 1;
        if (!norm) {
            weights.setDeviation(deviation(tensor));
        }
        long left = tensor.sizeBytes();
        while (left > 0) {
            int length = (int) Math.min(CHUNK_BYTES, left);
            if (norm) {
                RandomWeights.fill(chunk, length, 1);
            } else {
                weights.fill(chunk, length);
            }
            target.write(chunk, 0, length);
            left -= length;
        }
    }

    private double deviation(TensorEntry tensor) {
        if (tensor.name().contains("embed_tokens")) {
            return EMBEDDING_DEVIATION;
        }
        double deviation = 1 / Math.sqrt((double) tensor.shape()[1]);
        boolean addsToHidden = tensor.name().matches(".*\\.(o_proj|down_proj)\\.weight");
        return addsToHidden ? deviation / Math.sqrt(2.0 * shape.layers()) : deviation;
    }
}
