/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.arch;

import io.offloadstream.model.ModelConfig;
import io.offloadstream.platform.Activation;

/**
 * What {@code config.json} says of GPT-2.
 *
 * @param vocabSize rows of the embedding and of the head
 * @param positions rows of the table of learned positions
 * @param mlpWidth width within the feed-forward layer
 * @param layers number of blocks
 * @param attention heads and widths, as many key/value heads as query heads
 * @param activation of the feed-forward layer
 * @param normEps added to the variance
 * @param tied whether the head is the embedding
 * @param scaleByWidth whether scores are divided by the root of headDim
 * @param scaleByLayer whether they are divided by the number of the layer too
 */
record Gpt2Config(
        int vocabSize,
        int positions,
        int mlpWidth,
        int layers,
        AttentionShape attention,
        Activation activation,
        float normEps,
        boolean tied,
        boolean scaleByWidth,
        boolean scaleByLayer) {

    static Gpt2Config read(ModelConfig config) {
        ConfigChecks.refuseQuantized(config);
        if (config.flag("add_cross_attention", false)) {
            throw config.unsupported("add_cross_attention", "should be false: decoders only");
        }
        // reorder_and_upcast_attn computes the scores in float32, which is done here anyway
        config.flag("reorder_and_upcast_attn", false);
        int hidden = config.count("n_embd");
        return new Gpt2Config(
                config.count("vocab_size"),
                config.count("n_positions"),
                config.count("n_inner", Math.multiplyExact(4, hidden)),
                ConfigChecks.layers(config, "n_layer"),
                attention(config, hidden),
                ConfigChecks.activation(config, "activation_function", "gelu_new"),
                (float) config.number("layer_norm_epsilon", 1e-5),
                config.flag("tie_word_embeddings", true),
                config.flag("scale_attn_weights", true),
                config.flag("scale_attn_by_inverse_layer_idx", false));
    }

    private static AttentionShape attention(ModelConfig config, int hidden) {
        int heads = config.count("n_head");
        if (hidden % heads != 0) {
            throw config.unsupported("n_head", "should divide n_embd=" + hidden);
        }
        return new AttentionShape(hidden, heads, heads, hidden / heads);
    }

    int hiddenSize() {
        return attention.hiddenSize();
    }

    /**
     * Returns what scores of a layer are multiplied by.
     *
     * @param layer from 0
     * @return the factor
     */
    float scale(int layer) {
        float scale = scaleByWidth ? attention.scale() : 1;
        return scaleByLayer ? scale / (layer + 1) : scale;
    }
}
