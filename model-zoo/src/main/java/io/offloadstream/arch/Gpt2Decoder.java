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
 * What is around the blocks of GPT-2: token and position embeddings, final norm, head.
 *
 * <p>Source: transformers 5.18 modeling_gpt2.py, {@code GPT2Model}, {@code GPT2LMHeadModel}. Names
 * are published with and without the prefix {@code transformer.}
 */
final class Gpt2Decoder implements Decoder {

    private static final String PREFIX = "transformer.";

    private final Gpt2Config config;
    private final List<Block> blocks;
    private final GroupLayout embedding = new GroupLayout(PREFIX, "");
    private final GroupLayout last = new GroupLayout(PREFIX, "");
    private final GroupLayout head;
    private final WeightRef tokens, positions, norm, normBias;

    /**
     * States names and shapes.
     *
     * @param c sizes
     * @param blocks one per layer, the same object for all that are alike
     */
    Gpt2Decoder(Gpt2Config c, List<? extends Block> blocks) {
        this.config = c;
        this.blocks = List.copyOf(blocks);
        tokens = embedding.tensor("wte.weight", c.vocabSize(), c.hiddenSize());
        positions = embedding.tensor("wpe.weight", c.positions(), c.hiddenSize());
        norm = last.tensor("ln_f.weight", c.hiddenSize());
        normBias = last.tensor("ln_f.bias", c.hiddenSize());
        head = c.tied() ? new GroupLayout(PREFIX, "") : new GroupLayout("");
        head.tensor(c.tied() ? "wte.weight" : "lm_head.weight", c.vocabSize(), c.hiddenSize());
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
        return config.positions();
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
        return Optional.empty();
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
        return positions;
    }

    @Override
    public GroupLayout finalLayout() {
        return last;
    }

    @Override
    public Tensor finalNorm(Ops ops, GroupLease weights, Tensor hidden) {
        return ops.layerNorm(hidden, weights.get(norm), weights.get(normBias), config.normEps());
    }

    @Override
    public GroupLayout headLayout() {
        return head;
    }
}
