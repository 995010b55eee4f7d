/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.arch;

import io.offloadstream.model.LayerState;
import io.offloadstream.ops.AttentionSpec;
import io.offloadstream.ops.Ops;
import io.offloadstream.ops.Tensor;
import io.offloadstream.plan.GroupLayout;
import io.offloadstream.plan.WeightRef;
import io.offloadstream.stream.GroupLease;

/**
 * Grouped-query attention with rotary positions, as Llama and its descendants have it.
 *
 * <p>Source: arXiv:2305.13245; transformers 5.18 modeling_llama.py, {@code LlamaAttention}. Weights
 * are (out, in).
 */
final class GroupedQueryAttention {

    private final AttentionSpec spec;
    private final WeightRef q, k, v, o;
    private final WeightRef qBias, kBias, vBias, oBias;

    /**
     * States names and shapes.
     *
     * @param layout where the block's tensors are stated
     * @param shape heads and widths
     * @param inputBias whether the projections to q, k and v have biases
     * @param outputBias whether the projection back has one
     * @param window slots seen, 0 for all
     */
    GroupedQueryAttention(
            GroupLayout layout,
            AttentionShape shape,
            boolean inputBias,
            boolean outputBias,
            int window) {
        spec = new AttentionSpec(shape.heads(), shape.scale(), window);
        int hidden = shape.hiddenSize();
        int query = shape.queryWidth();
        int key = shape.keyWidth();
        q = layout.tensor("self_attn.q_proj.weight", query, hidden);
        k = layout.tensor("self_attn.k_proj.weight", key, hidden);
        v = layout.tensor("self_attn.v_proj.weight", key, hidden);
        o = layout.tensor("self_attn.o_proj.weight", hidden, query);
        qBias = layout.tensorIf(inputBias, "self_attn.q_proj.bias", query);
        kBias = layout.tensorIf(inputBias, "self_attn.k_proj.bias", key);
        vBias = layout.tensorIf(inputBias, "self_attn.v_proj.bias", key);
        oBias = layout.tensorIf(outputBias, "self_attn.o_proj.bias", hidden);
    }

    /**
     * Attends, adding to the residual.
     *
     * @param ops operators
     * @param w the block's weights
     * @param x (rows, hidden), normalised
     * @param s positions and cache of these rows
     * @param hidden (rows, hidden), updated in place
     */
    void forward(Ops ops, GroupLease w, Tensor x, LayerState s, Tensor hidden) {
        Tensor[] weights = {w.get(q), w.get(k), w.get(v)};
        Tensor[] biases = {w.get(qBias), w.get(kBias), w.get(vBias)};
        Tensor[] projected = ops.linears(x, weights, biases);
        Tensor query = projected[0];
        ops.ropeAndStoreKv(query, projected[1], projected[2], s.rope(), s.kv(), s.rows());
        Tensor attended = ops.attention(query, s.kv(), s.rows(), spec);
        ops.linearAdd(hidden, attended, w.get(o), w.get(oBias));
    }
}
