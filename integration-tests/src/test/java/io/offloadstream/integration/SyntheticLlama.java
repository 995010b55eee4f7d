/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.offloadstream.checkpoint.SafetensorsWriter;
import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.platform.DType;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;

/**
 * A Llama of seeded random weights in bf16, of any size: written as it is made.
 *
 * @param layers blocks
 * @param heads query heads
 * @param kvHeads key/value heads
 * @param headDim width of a head
 * @param mlp width of the gated MLP
 * @param vocab token ids
 */
record SyntheticLlama(int layers, int heads, int kvHeads, int headDim, int mlp, int vocab) {

    /** Big enough to stream in several reads a group, small enough to run in milliseconds. */
    static final SyntheticLlama TINY = new SyntheticLlama(6, 4, 2, 16, 176, 320);

    /** The name of the file that holds all weights. */
    static final String FILE = "model.safetensors";

    private static final int CHUNK_BYTES = 1 << 20;

    private int hidden() {
        return heads * headDim;
    }

    /** Writes config and weights, replacing what is there. */
    void write(Path directory, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        try {
            Files.writeString(directory.resolve("config.json"), config().toString());
            writer().write(directory.resolve(FILE), (entry, out) -> fill(entry, out, random));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private JsonObject config() {
        JsonArray architectures = new JsonArray();
        architectures.add("LlamaForCausalLM");
        JsonObject config = new JsonObject();
        config.add("architectures", architectures);
        config.addProperty("model_type", "llama");
        config.addProperty("hidden_act", "silu");
        config.addProperty("hidden_size", hidden());
        config.addProperty("head_dim", headDim);
        config.addProperty("intermediate_size", mlp);
        config.addProperty("max_position_embeddings", 2048);
        config.addProperty("num_attention_heads", heads);
        config.addProperty("num_hidden_layers", layers);
        config.addProperty("num_key_value_heads", kvHeads);
        config.addProperty("rms_norm_eps", 1e-5);
        config.addProperty("rope_theta", 10000.0);
        config.addProperty("tie_word_embeddings", false);
        config.addProperty("torch_dtype", "bfloat16");
        config.addProperty("vocab_size", vocab);
        return config;
    }

    private SafetensorsWriter writer() {
        int query = hidden();
        int key = kvHeads * headDim;
        SafetensorsWriter writer = new SafetensorsWriter();
        writer.add("model.embed_tokens.weight", DType.BF16, vocab, hidden());
        for (int layer = 0; layer < layers; layer++) {
            String block = "model.layers." + layer + ".";
            writer.add(block + "input_layernorm.weight", DType.BF16, hidden());
            writer.add(block + "self_attn.q_proj.weight", DType.BF16, query, hidden());
            writer.add(block + "self_attn.k_proj.weight", DType.BF16, key, hidden());
            writer.add(block + "self_attn.v_proj.weight", DType.BF16, key, hidden());
            writer.add(block + "self_attn.o_proj.weight", DType.BF16, hidden(), query);
            writer.add(block + "post_attention_layernorm.weight", DType.BF16, hidden());
            writer.add(block + "mlp.gate_proj.weight", DType.BF16, mlp, hidden());
            writer.add(block + "mlp.up_proj.weight", DType.BF16, mlp, hidden());
            writer.add(block + "mlp.down_proj.weight", DType.BF16, hidden(), mlp);
        }
        writer.add("model.norm.weight", DType.BF16, hidden());
        return writer.add("lm_head.weight", DType.BF16, vocab, hidden());
    }

    /** Matrices of deviation 1/sqrt(inputs), which keep the size of what they multiply; norms 1. */
    private static void fill(TensorEntry entry, OutputStream target, SplittableRandom random)
            throws IOException {
        boolean norm = entry.shape().length == 1;
        long columns = entry.shape()[entry.shape().length - 1];
        boolean embedding = entry.name().contains("embed");
        float limit = embedding ? 1 : (float) Math.sqrt(3.0 / columns);
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (long left = entry.sizeBytes(); left > 0; left -= chunk.position()) {
            chunk.clear();
            int count = (int) (Math.min(CHUNK_BYTES, left) / Short.BYTES);
            for (int i = 0; i < count; i++) {
                // 24 random bits give a float in [-1, 1)
                float unit = (random.nextInt() >> 8) * 0x1p-23f;
                chunk.putShort(bfloat16(norm ? 1 + 0.1f * unit : limit * unit));
            }
            target.write(chunk.array(), 0, chunk.position());
        }
    }

    private static short bfloat16(float value) {
        return (short) (Float.floatToRawIntBits(value) >>> 16);
    }
}
