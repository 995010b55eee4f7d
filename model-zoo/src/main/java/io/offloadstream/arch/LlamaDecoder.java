/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.arch;

import io.offloadstream.model.Block;
import io.offloadstream.model.Decoder;
import io.offloadstream.model.KvShape;
import io.offloadstream.model.Rope;
import io.offloadstream.ops.Ops;
import io.offloadstream.ops.Tensor;
import io.offloadstream.plan.GroupLayout;
import io.offloadstream.plan.WeightRef;
import io.offloadstream.stream.GroupLease;
import java.util.List;
import java.util.Optional;

/**
 * What is around the blocks of Llama and its descendants: embedding, final norm, head.
 *
 * <p>Source: transformers 5.18 modeling_llama.py, {@code LlamaModel}, {@code LlamaForCausalLM}.
 */
final class LlamaDecoder implements Decoder {

    private final LlamaConfig config;
    private final List<Block> blocks;
    private final GroupLayout embedding = new GroupLayout("model.");
    private final GroupLayout last = new GroupLayout("model.");
    private final GroupLayout head;
    private final WeightRef tokens, norm;

    /**
     * States names and shapes.
     *
     * @param c sizes
     * @param blocks one per layer, the same object for all that are alike
     */
    LlamaDecoder(LlamaConfig c, List<? extends Block> blocks) {
        this.config = c;
        this.blocks = List.copyOf(blocks);
        tokens = embedding.tensor("embed_tokens.weight", c.vocabSize(), c.hiddenSize());
        norm = last.tensor("norm.weight", c.hiddenSize());
        head = new GroupLayout(c.tied() ? "model." : "");
        head.tensor(
                c.tied() ? "embed_tokens.weight" : "lm_head.weight", c.vocabSize(), c.hiddenSize());
    }

    @Override
    public int vocabSize() {
        return config.vocabSize();
    }

    @Override
    public int hiddenSize() {
        return config.hiddenSize();
    }

    @Override
    public int maxPositions() {
        return config.rope().maxPositions();
    }

    @Override
    public int blockCount() {
        return blocks.size();
    }

    @Override
    public KvShape kvShape() {
        return config.attention().kv();
    }

    @Override
    public Block block(int layer) {
        return blocks.get(layer);
    }

    @Override
    public Optional<Rope> rope() {
        return Optional.of(config.rope().rope());
    }

    @Override
    public GroupLayout embeddingLayout() {
        return embedding;
    }

    @Override
    public WeightRef tokenTable() {
        return tokens;
    }

    @Override
    public WeightRef positionTable() {
        return WeightRef.NONE;
    }

    @Override
    public GroupLayout finalLayout() {
        return last;
    }

    @Override
    public Tensor finalNorm(Ops ops, GroupLease weights, Tensor hidden) {
        return ops.rmsNorm(hidden, weights.get(norm), config.normEps());
    }

    @Override
    public GroupLayout headLayout() {
        return head;
    }
}
