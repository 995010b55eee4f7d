/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import java.nio.FloatBuffer;
import java.nio.IntBuffer;

/** Decides the next token of one sequence. Has state (history, random numbers): one per request. */
@FunctionalInterface
public interface TokenChooser {

    /** Returned when generation has ended. */
    int END = -1;

    /**
     * Chooses the next token.
     *
     * @param logits (vocab) float32 of the last position, read-only
     * @return a token id, or {@link #END}
     */
    int next(FloatBuffer logits);

    /**
     * Tells how many of the largest logits decide: then only those are taken from where they are
     * computed. The same for the whole request.
     *
     * @return at most {@link BestLogits#MOST}; 0 if all do
     */
    default int bestLogits() {
        return 0;
    }

    /**
     * Chooses the next token by the largest logits, as {@link #next(FloatBuffer)} does by all. Only
     * called where {@link #bestLogits} is not 0.
     *
     * @param values the {@link #bestLogits} largest logits of the last position, the largest first,
     *     of equal ones the lowest id; what is no number counts as positive infinity
     * @param ids their tokens
     * @return a token id, or {@link #END}
     */
    default int next(FloatBuffer values, IntBuffer ids) {
        throw new UnsupportedOperationException("this chooser needs all logits");
    }

    /**
     * Tells whether the text has ended with the token chosen last, so that no pass needs to run to
     * find out.
     *
     * @return true if {@link #next} would return {@link #END} whatever the logits
     */
    default boolean isFinished() {
        return false;
    }
}
