/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import java.nio.FloatBuffer;

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
     * Tells whether the text has ended with the token chosen last, so that no pass needs to run to
     * find out.
     *
     * @return true if {@link #next} would return {@link #END} whatever the logits
     */
    default boolean isFinished() {
        return false;
    }
}
