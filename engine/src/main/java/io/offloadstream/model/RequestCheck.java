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
        require(tokens > 0, "a request needs at least one token");
        require(
                input.ids().length == batch * tokens,
                "ids has "
                        + input.ids().length
                        + " elements, should have batch "
                        + batch
                        + " x tokens "
                        + tokens);
        checkLength(tokens, length);
        for (int id : input.ids()) {
            require(
                    id >= 0 && id < vocabSize,
                    "token id " + id + " is outside the vocabulary of " + vocabSize);
        }
        checkMask(input, batch, length + tokens);
        checkPositionCount(input);
        checkOutput(output, batch * tokens);
    }

    void checkLength(int tokens, int length) {
        require(
                tokens <= maxSequenceLength - length,
                "the request has "
                        + tokens
                        + " tokens after "
                        + length
                        + " cached ones, more than maxSequenceLength="
                        + maxSequenceLength
                        + "; raise maxSequenceLength or shorten it");
    }

    private static void checkMask(TokenBatch input, int batch, int slots) {
        if (input.mask() == null) {
            return;
        }
        require(
                input.mask().length == batch * slots,
                "mask has "
                        + input.mask().length
                        + " elements, should have batch "
                        + batch
                        + " x "
                        + slots
                        + " slots (past and current)");
        for (byte value : input.mask()) {
            require(value == 0 || value == 1, "mask has " + value + ", should be 0 or 1");
        }
    }

    private static void checkPositionCount(TokenBatch input) {
        require(
                input.positions() == null || input.positions().length == input.ids().length,
                "positions has "
                        + (input.positions() == null ? 0 : input.positions().length)
                        + " elements, should have as many as ids: "
                        + input.ids().length);
    }

    /** Refuses positions that the model has no row for, given or counted from the mask. */
    void checkPositions(int[] positions) {
        for (int position : positions) {
            require(
                    position >= 0 && (learnedPositions == 0 || position < learnedPositions),
                    "position "
                            + position
                            + (learnedPositions == 0
                                    ? " is negative"
                                    : " is outside the model's "
                                            + learnedPositions
                                            + " positions"));
        }
    }

    private void checkOutput(PassOutput output, int rows) {
        if (output.logitRows() != null) {
            int last = -1;
            for (int row : output.logitRows()) {
                require(
                        row > last && row < rows,
                        "logitRows must ascend within " + rows + " rows, has " + row);
                last = row;
            }
        }
        int wanted = output.logitRows() == null ? rows : output.logitRows().length;
        checkTarget("logits", output.logits(), wanted, vocabSize);
        if (output.best() != null) {
            require(
                    output.best().rows() == wanted,
                    "best has " + output.best().rows() + " rows, should have " + wanted);
            require(output.logits() == null, "logits and the best of them are both wanted");
        }
        checkTarget("hidden", output.hidden(), rows, hiddenSize);
    }

    private static void checkTarget(String name, Tensor target, int rows, int columns) {
        require(
                target == null
                        || (target.type() == DType.F32
                                && target.rows() == rows
                                && target.columns() == columns),
                name + " is " + target + ", should be F32[" + rows + ", " + columns + "]");
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException(message);
        }
    }
}
