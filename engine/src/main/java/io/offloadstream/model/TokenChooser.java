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
}
