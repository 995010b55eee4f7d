/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import io.offloadstream.model.EndTokens;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.model.TokenChooser;
import io.offloadstream.platform.OffloadStreamException;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.Set;

/** Takes the most probable token, the first of equals, until one that ends the text. */
final class GreedyChooser implements TokenChooser {

    private final Set<Integer> endTokens;

    /**
     * Constructs a chooser.
     *
     * @param endTokens ids that end the text
     */
    GreedyChooser(Set<Integer> endTokens) {
        this.endTokens = Set.copyOf(endTokens);
    }

    /**
     * Makes the chooser of a model, with its {@link EndTokens}.
     *
     * @param model an open model
     * @return the chooser
     * @throws io.offloadstream.checkpoint.CheckpointException if they cannot be read
     */
    static GreedyChooser of(StreamedModel model) {
        return new GreedyChooser(Set.copyOf(EndTokens.of(model.directory())));
    }

    @Override
    public int next(FloatBuffer logits) {
        int best = 0;
        float bestLogit = Float.NEGATIVE_INFINITY;
        int count = logits.remaining();
        int first = logits.position();
        for (int id = 0; id < count; id++) {
            float logit = logits.get(first + id);
            logit = Float.isNaN(logit) ? Float.POSITIVE_INFINITY : logit;
            if (logit > bestLogit) {
                bestLogit = logit;
                best = id;
            }
        }
        return checked(best, bestLogit);
    }

    @Override
    public int bestLogits() {
        return 1;
    }

    @Override
    public int next(FloatBuffer values, IntBuffer ids) {
        return checked(ids.get(ids.position()), values.get(values.position()));
    }

    private int checked(int best, float logit) {
        if (Float.isInfinite(logit)) {
            throw new OffloadStreamException(
                    (logit < 0
                                    ? "no logit of the last position is a number"
                                    : "the logit of token " + best + " is NaN or Infinity")
                            + ": the weights are damaged, or overflow float32");
        }
        return endTokens.contains(best) ? END : best;
    }
}
