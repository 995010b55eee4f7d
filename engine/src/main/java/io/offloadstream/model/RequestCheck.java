/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.DType;

/** Refuses a request that is malformed or too long before anything runs. */
final class RequestCheck {

    private final int vocabSize;
    private final int hiddenSize;
    private final int learnedPositions;
    private final int maxSequenceLength;

    /**
     * Prepares checks.
     *
     * @param learnedPositions rows of the position table, or 0 for none
     */
    RequestCheck(int vocabSize, int hiddenSize, int learnedPositions, int maxSequenceLength) {
        this.vocabSize = vocabSize;
        this.hiddenSize = hiddenSize;
        this.learnedPositions = learnedPositions;
        this.maxSequenceLength = maxSequenceLength;
    }

    void check(TokenBatch input, PassOutput output, int batch, int length) {
        int tokens = input.tokens();
        if (tokens <= 0) {
            throw new IllegalArgumentException("a request needs at least one token");
        }
        if (input.ids().length != batch * tokens) {
            throw new IllegalArgumentException(
                    "ids has "
                            + input.ids().length
                            + " elements, should have batch "
                            + batch
                            + " x tokens "
                            + tokens);
        }
        checkLength(tokens, length);
        for (int id : input.ids()) {
            if (id < 0 || id >= vocabSize) {
                throw new IllegalArgumentException(
                        "token id " + id + " is outside the vocabulary of " + vocabSize);
            }
        }
        checkMask(input, batch, length + tokens);
        checkPositionCount(input);
        checkOutput(output, batch * tokens);
    }

    void checkLength(int tokens, int length) {
        if (tokens > maxSequenceLength - length) {
            throw new IllegalArgumentException(
                    "the request has "
                            + tokens
                            + " tokens after "
                            + length
                            + " cached ones, more than maxSequenceLength="
                            + maxSequenceLength
                            + "; raise maxSequenceLength or shorten it");
        }
    }

    private static void checkMask(TokenBatch input, int batch, int slots) {
        if (input.mask() == null) {
            return;
        }
        if (input.mask().length != batch * slots) {
            throw new IllegalArgumentException(
                    "mask has "
                            + input.mask().length
                            + " elements, should have batch "
                            + batch
                            + " x "
                            + slots
                            + " slots (past and current)");
        }
        for (byte value : input.mask()) {
            if (value != 0 && value != 1) {
                throw new IllegalArgumentException("mask has " + value + ", should be 0 or 1");
            }
        }
    }

    private static void checkPositionCount(TokenBatch input) {
        if (input.positions() != null && input.positions().length != input.ids().length) {
            throw new IllegalArgumentException(
                    "positions has "
                            + input.positions().length
                            + " elements, should have as many as ids: "
                            + input.ids().length);
        }
    }

    /** Refuses positions that the model has no row for, given or counted from the mask. */
    void checkPositions(int[] positions) {
        for (int position : positions) {
            if (position < 0 || (learnedPositions > 0 && position >= learnedPositions)) {
                throw new IllegalArgumentException(
                        "position "
                                + position
                                + (learnedPositions == 0
                                        ? " is negative"
                                        : " is outside the model's "
                                                + learnedPositions
                                                + " positions"));
            }
        }
    }

    private void checkOutput(PassOutput output, int rows) {
        if (output.logitRows() != null) {
            int last = -1;
            for (int row : output.logitRows()) {
                if (row <= last || row >= rows) {
                    throw new IllegalArgumentException(
                            "logitRows must ascend within " + rows + " rows, has " + row);
                }
                last = row;
            }
        }
        int wanted = output.logitRows() == null ? rows : output.logitRows().length;
        checkTarget("logits", output.logits(), wanted, vocabSize);
        if (output.best() != null) {
            if (output.best().rows() != wanted) {
                throw new IllegalArgumentException(
                        "best has " + output.best().rows() + " rows, should have " + wanted);
            }
            if (output.logits() != null) {
                throw new IllegalArgumentException("logits and the best of them are both wanted");
            }
        }
        checkTarget("hidden", output.hidden(), rows, hiddenSize);
    }

    private static void checkTarget(String name, Tensor target, int rows, int columns) {
        if (target != null
                && (target.type() != DType.F32
                        || target.rows() != rows
                        || target.columns() != columns)) {
            throw new IllegalArgumentException(
                    name + " is " + target + ", should be F32[" + rows + ", " + columns + "]");
        }
    }
}
