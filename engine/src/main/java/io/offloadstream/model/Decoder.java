/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.ops.Ops;
import io.offloadstream.ops.Tensor;
import io.offloadstream.plan.GroupLayout;
import io.offloadstream.plan.WeightRef;
import io.offloadstream.stream.GroupLease;
import java.util.Optional;

/**
 * A decoder-only transformer as the engine drives it: embedding, blocks, final norm, head.
 * Stateless; one serves all sessions. Names and shapes are stated when it is built, its methods are
 * free of strings.
 */
public interface Decoder {

    /**
     * Returns the number of rows of the head.
     *
     * @return tokens
     */
    int vocabSize();

    /**
     * Returns the width of the hidden state.
     *
     * @return elements
     */
    int hiddenSize();

    /**
     * Returns the longest sequence that the model was made for.
     *
     * @return tokens
     */
    int maxPositions();

    /**
     * Returns the number of blocks.
     *
     * @return blocks
     */
    int blockCount();

    /**
     * Returns the shape of keys and values in every block.
     *
     * @return heads and width
     */
    KvShape kvShape();

    /**
     * Returns a block.
     *
     * @param layer from 0
     * @return the block, the same object for all layers that are alike
     */
    Block block(int layer);

    /**
     * Returns the rotary position embedding.
     *
     * @return empty where positions are learned
     */
    Optional<Rope> rope();

    /**
     * Returns the tables that rows are gathered from: the tokens (vocab, hidden), and the learned
     * positions (positions, hidden) if there are any.
     *
     * @return the layout, its tensors read through {@link #tokenTable()} and {@link
     *     #positionTable()}
     */
    GroupLayout embeddingLayout();

    /**
     * Returns the token table.
     *
     * @return a reference of {@link #embeddingLayout()}
     */
    WeightRef tokenTable();

    /**
     * Returns the table of learned positions, whose rows are added to the token's.
     *
     * @return a reference of {@link #embeddingLayout()}, or {@link WeightRef#NONE}
     */
    WeightRef positionTable();

    /**
     * Returns the layout of what follows the last block and is always resident.
     *
     * @return the layout of the final norm
     */
    GroupLayout finalLayout();

    /**
     * Normalises the output of the last block.
     *
     * @param ops operators
     * @param weights a lease on {@link #finalLayout()}
     * @param hidden (rows, hidden)
     * @return (rows, hidden)
     */
    Tensor finalNorm(Ops ops, GroupLease weights, Tensor hidden);

    /**
     * Returns the head: one tensor (vocab, hidden), the token table where they are tied. It travels
     * in parts of about a block's size.
     *
     * @return the layout
     */
    GroupLayout headLayout();
}
