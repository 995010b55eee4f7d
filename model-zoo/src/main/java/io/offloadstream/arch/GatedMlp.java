/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.arch;

import io.offloadstream.ops.Ops;
import io.offloadstream.ops.Tensor;
import io.offloadstream.plan.GroupLayout;
import io.offloadstream.plan.WeightRef;
import io.offloadstream.platform.Activation;
import io.offloadstream.stream.GroupLease;

/**
 * The gated feed-forward layer: {@code down(activation(gate(x)) * up(x))}.
 *
 * <p>Source: arXiv:2002.05202; transformers 5.18 modeling_llama.py, {@code LlamaMLP}. Weights are
 * (out, in).
 */
final class GatedMlp {

    private final Activation activation;
    private final WeightRef gate, up, down;
    private final WeightRef gateBias, upBias, downBias;

    /**
     * States names and shapes.
     *
     * @param layout where the block's tensors are stated
     * @param hiddenSize width of the hidden state
     * @param width width between
     * @param activation of the gate
     * @param bias whether the projections have biases
     */
    GatedMlp(GroupLayout layout, int hiddenSize, int width, Activation activation, boolean bias) {
        this.activation = activation;
        gate = layout.tensor("mlp.gate_proj.weight", width, hiddenSize);
        up = layout.tensor("mlp.up_proj.weight", width, hiddenSize);
        down = layout.tensor("mlp.down_proj.weight", hiddenSize, width);
        gateBias = layout.tensorIf(bias, "mlp.gate_proj.bias", width);
        upBias = layout.tensorIf(bias, "mlp.up_proj.bias", width);
        downBias = layout.tensorIf(bias, "mlp.down_proj.bias", hiddenSize);
    }

    /**
     * Feeds forward, adding to the residual.
     *
     * @param ops operators
     * @param w the block's weights
     * @param x (rows, hidden), normalised
     * @param hidden (rows, hidden), updated in place
     */
    void forward(Ops ops, GroupLease w, Tensor x, Tensor hidden) {
        Tensor product =
                ops.gatedLinear(
                        activation, x, w.get(gate), w.get(gateBias), w.get(up), w.get(upBias));
        ops.linearAdd(hidden, product, w.get(down), w.get(downBias));
    }
}
