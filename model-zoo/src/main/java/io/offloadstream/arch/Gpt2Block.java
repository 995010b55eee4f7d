/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.arch;

import io.offloadstream.model.Block;
import io.offloadstream.model.LayerState;
import io.offloadstream.ops.AttentionSpec;
import io.offloadstream.ops.Ops;
import io.offloadstream.ops.Tensor;
import io.offloadstream.plan.GroupLayout;
import io.offloadstream.plan.WeightRef;
import io.offloadstream.stream.GroupLease;

/**
 * The decoder block of GPT-2: pre-norm, attention with one fused projection, feed-forward layer.
 *
 * <p>Source: transformers 5.18 modeling_gpt2.py, {@code GPT2Block}. Weights are (in, out), as its
 * Conv1D has them; the mask buffers {@code attn.bias} and {@code attn.masked_bias} of published
 * files are not weights and not read.
 */
final class Gpt2Block implements Block {

    private final GroupLayout layout = new GroupLayout("transformer.h.%d.", "h.%d.");
    private final Gpt2Config config;
    private final AttentionSpec spec;
    private final WeightRef norm1, norm1Bias, qkv, qkvBias, output, outputBias;
    private final WeightRef norm2, norm2Bias, up, upBias, down, downBias;

    /**
     * States names and shapes.
     *
     * @param c sizes
     * @param scale multiplies the scores
     */
    Gpt2Block(Gpt2Config c, float scale) {
        config = c;
        spec = new AttentionSpec(c.attention().heads(), scale, 0);
        int hidden = c.hiddenSize();
        norm1 = layout.tensor("ln_1.weight", hidden);
        norm1Bias = layout.tensor("ln_1.bias", hidden);
        qkv = layout.inputMajor("attn.c_attn.weight", hidden, 3L * hidden);
        qkvBias = layout.tensor("attn.c_attn.bias", 3L * hidden);
        output = layout.inputMajor("attn.c_proj.weight", hidden, hidden);
        outputBias = layout.tensor("attn.c_proj.bias", hidden);
        norm2 = layout.tensor("ln_2.weight", hidden);
        norm2Bias = layout.tensor("ln_2.bias", hidden);
        up = layout.inputMajor("mlp.c_fc.weight", hidden, c.mlpWidth());
        upBias = layout.tensor("mlp.c_fc.bias", c.mlpWidth());
        down = layout.inputMajor("mlp.c_proj.weight", c.mlpWidth(), hidden);
        downBias = layout.tensor("mlp.c_proj.bias", hidden);
    }

    @Override
    public GroupLayout layout() {
        return layout;
    }

    @Override
    public void forward(Ops ops, GroupLease w, Tensor hidden, LayerState s) {
        Tensor x = ops.layerNorm(hidden, w.get(norm1), w.get(norm1Bias), config.normEps());
        ops.addInPlace(hidden, attend(ops, w, x, s));

        Tensor y = ops.layerNorm(hidden, w.get(norm2), w.get(norm2Bias), config.normEps());
        Tensor raised = ops.linearTransposed(y, w.get(up), w.get(upBias));
        Tensor active = ops.activate(config.activation(), raised);
        ops.addInPlace(hidden, ops.linearTransposed(active, w.get(down), w.get(downBias)));
    }

    private Tensor attend(Ops ops, GroupLease w, Tensor x, LayerState s) {
        int width = config.hiddenSize();
        Tensor fused = ops.linearTransposed(x, w.get(qkv), w.get(qkvBias));
        Tensor query = ops.columns(fused, 0, width);
        Tensor key = ops.columns(fused, width, 2 * width);
        Tensor value = ops.columns(fused, 2 * width, 3 * width);
        ops.storeKv(key, value, s.kv(), s.rows());
        Tensor attended = ops.attention(query, s.kv(), s.rows(), spec);
        return ops.linearTransposed(attended, w.get(output), w.get(outputBias));
    }
}
