/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.arch;

import io.offloadstream.arch.rope.RopeConfig;
import io.offloadstream.model.ModelConfig;
import io.offloadstream.platform.Activation;

/**
 * What {@code config.json} says of Llama and of the models that keep its keys.
 *
 * @param vocabSize rows of the embedding and of the head
 * @param mlpWidth width within the feed-forward layer
 * @param layers number of blocks
 * @param attention heads and widths
 * @param activation of the gate
 * @param normEps added to the mean of squares
 * @param tied whether the head is the embedding
 * @param rope rotary positions
 */
record LlamaConfig(
        int vocabSize,
        int mlpWidth,
        int layers,
        AttentionShape attention,
        Activation activation,
        float normEps,
        boolean tied,
        RopeConfig rope) {

    static LlamaConfig read(ModelConfig config) {
        ConfigChecks.refuseQuantized(config);
        AttentionShape attention = attention(config);
        return new LlamaConfig(
                config.count("vocab_size"),
                config.count("intermediate_size"),
                ConfigChecks.layers(config, "num_hidden_layers"),
                attention,
                ConfigChecks.activation(config, "hidden_act", "silu"),
                (float) config.number("rms_norm_eps", 1e-6),
                config.flag("tie_word_embeddings", false),
                RopeConfig.read(config, attention.headDim()));
    }

    private static AttentionShape attention(ModelConfig config) {
        int hidden = config.count("hidden_size");
        int heads = config.count("num_attention_heads");
        if (!config.has("head_dim") && hidden % heads != 0) {
            throw config.unsupported(
                    "num_attention_heads",
                    "should divide hidden_size=" + hidden + " where there is no head_dim");
        }
        int headDim = config.count("head_dim", hidden / heads);
        int kvHeads = config.count("num_key_value_heads", heads);
        return ConfigChecks.attention(
                config, "num_key_value_heads", new AttentionShape(hidden, heads, kvHeads, headDim));
    }

    int hiddenSize() {
        return attention.hiddenSize();
    }
}
