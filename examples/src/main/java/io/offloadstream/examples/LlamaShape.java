/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import com.google.gson.GsonBuilder;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The dimensions of a Llama with tied embeddings and bfloat16 weights, for checkpoints of random
 * values.
 *
 * @param layers blocks
 * @param hidden width of the hidden state
 * @param heads query heads
 * @param kvHeads key/value heads
 * @param headDim width of a head
 * @param intermediate width of the MLP
 * @param vocab tokens
 */
record LlamaShape(
        int layers, int hidden, int heads, int kvHeads, int headDim, int intermediate, int vocab) {

    /** Llama 3.2 1B: 1.24 billion parameters, 2.47 GB. */
    static final LlamaShape LLAMA_1B = new LlamaShape(16, 2048, 32, 8, 64, 8192, 128256);

    /** The least size that {@link #ofSize} makes: four blocks of the narrowest kind. */
    static final long LEAST_BYTES = 8_000_000;

    /** Longest context. */
    static final int MOST_POSITIONS = 4096;

    private static final int HEAD_DIM = 64;
    private static final int BYTES_PER_WEIGHT = 2;

    /**
     * Chooses a shape of about a given size, in the proportions of published Llamas: hidden/128
     * blocks, four query heads to a key/value head, an MLP of about 3.5 times the hidden width.
     *
     * @param sizeBytes bytes of weights wanted, at least {@link #LEAST_BYTES}
     * @return a shape within two percent of it
     * @throws IllegalArgumentException if the size is below the least
     */
    static LlamaShape ofSize(long sizeBytes) {
        if (sizeBytes < LEAST_BYTES) {
            throw new IllegalArgumentException(
                    "size " + sizeBytes + " is below the least that is made, " + LEAST_BYTES);
        }
        double weights = sizeBytes / (double) BYTES_PER_WEIGHT;
        // A block of these proportions has 13 h^2 weights, and there are h/128 of them.
        double width = Math.cbrt(weights * 128 / 13);
        int hidden = (int) Math.max(256, Math.round(width / 256) * 256);
        int vocab = (int) Math.min(32000, Math.max(256, weights / (16.0 * hidden)));
        double blockWeights = weights - (double) vocab * hidden;
        int layers = (int) Math.max(4, Math.round(blockWeights / (13.0 * hidden * hidden)));
        double attention = 2.5 * hidden * hidden;
        int intermediate = (int) Math.round((blockWeights / layers - attention) / (3.0 * hidden));
        int heads = hidden / HEAD_DIM;
        return new LlamaShape(layers, hidden, heads, heads / 4, HEAD_DIM, intermediate, vocab);
    }

    /**
     * Returns the size of all weights.
     *
     * @return bytes, without the header of the file
     */
    long sizeBytes() {
        long block = blockProducts() + 2L * hidden;
        return BYTES_PER_WEIGHT * (layers * block + (long) vocab * hidden + hidden);
    }

    /** Weights of the matrices of a block. */
    private long blockProducts() {
        long attention = 2L * hidden * heads * headDim + 2L * hidden * kvHeads * headDim;
        return attention + 3L * hidden * intermediate;
    }

    /**
     * Counts the operations of the matrix products of a prompt, whose last position alone has
     * logits.
     *
     * @param tokens of the prompt
     * @return two for each multiply-add
     */
    double operations(int tokens) {
        return 2.0 * ((double) tokens * layers * blockProducts() + (double) vocab * hidden);
    }

    /**
     * Returns the configuration as the hub publishes it.
     *
     * @return the text of config.json
     */
    String configJson() {
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("architectures", new String[] {"LlamaForCausalLM"});
        config.put("model_type", "llama");
        config.put("hidden_act", "silu");
        config.put("hidden_size", hidden);
        config.put("head_dim", headDim);
        config.put("intermediate_size", intermediate);
        config.put("max_position_embeddings", MOST_POSITIONS);
        config.put("num_attention_heads", heads);
        config.put("num_hidden_layers", layers);
        config.put("num_key_value_heads", kvHeads);
        config.put("rms_norm_eps", 1e-5);
        config.put("rope_theta", 500000.0);
        config.put("tie_word_embeddings", true);
        config.put("torch_dtype", "bfloat16");
        config.put("vocab_size", vocab);
        return new GsonBuilder().setPrettyPrinting().create().toJson(config);
    }
}
