/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.arch;

import io.offloadstream.model.Block;
import io.offloadstream.model.LayerState;
import io.offloadstream.ops.Ops;
import io.offloadstream.ops.Tensor;
import io.offloadstream.plan.GroupLayout;
import io.offloadstream.plan.WeightRef;
import io.offloadstream.stream.GroupLease;

/**
 * The decoder block of Llama, which Qwen2 and Mistral share but for biases and the window:
 * pre-norm, grouped-query attention, gated feed-forward layer.
 *
 * <p>Source: arXiv:2302.13971; transformers 5.18 modeling_llama.py, {@code LlamaDecoderLayer}.
 */
final class LlamaBlock implements Block {

    private final GroupLayout layout = new GroupLayout("model.layers.%d.");
    private final float eps;
    private final WeightRef inputNorm, postNorm;
    private final GroupedQueryAttention attention;
    private final GatedMlp mlp;

    /**
     * States names and shapes.
     *
     * @param c sizes
     * @param biases which projections have one
     * @param window slots that attention sees, 0 for all
     */
    LlamaBlock(LlamaConfig c, Biases biases, int window) {
        eps = c.normEps();
        inputNorm = layout.tensor("input_layernorm.weight", c.hiddenSize());
        attention =
                new GroupedQueryAttention(
                        layout, c.attention(), biases.input(), biases.output(), window);
        postNorm = layout.tensor("post_attention_layernorm.weight", c.hiddenSize());
        mlp = new GatedMlp(layout, c.hiddenSize(), c.mlpWidth(), c.activation(), biases.mlp());
    }

    /**
     * Which projections have biases.
     *
     * @param input to queries, keys and values
     * @param output back from attention
     * @param mlp of the feed-forward layer
     */
    record Biases(boolean input, boolean output, boolean mlp) {}

    @Override
    public GroupLayout layout() {
        return layout;
    }

    @Override
    public void forward(Ops ops, GroupLease w, Tensor hidden, LayerState s) {
        Tensor x = ops.rmsNorm(hidden, w.get(inputNorm), eps);
        attention.forward(ops, w, x, s, hidden);

        Tensor y = ops.rmsNorm(hidden, w.get(postNorm), eps);
        mlp.forward(ops, w, y, hidden);
    }
}
