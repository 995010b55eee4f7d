/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.text;

import io.offloadstream.model.BestLogits;
import io.offloadstream.model.TokenChooser;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * Chooses tokens as transformers does (GenerationMixin of 5.17): repetition penalty, then, unless
 * the search is greedy, temperature, top-k, top-p, min-p, and a draw from what is left. The same
 * seed and logits give the same tokens.
 *
 * <p>For one request, used by one thread at a time.
 */
public final class Sampler implements TokenChooser {

    private final GenerationConfig config;
    private final RandomGenerator random;
    private final BitSet seen = new BitSet();
    private final BitSet ends = new BitSet();
    private final Candidates candidates = new Candidates();
    private int chosen;
    private boolean finished;
    private float[] scores = new float[0];

    /**
     * Starts a request.
     *
     * @param config how to choose
     * @param promptIds the prompt, which the repetition penalty counts too
     */
    public Sampler(GenerationConfig config, int[] promptIds) {
        this.config = config;
        this.random =
                config.seed().isPresent()
                        ? new SplittableRandom(config.seed().getAsLong())
                        : new SplittableRandom();
        Arrays.stream(promptIds).forEach(seen::set);
        config.eosTokenIds().forEach(ends::set);
    }

    /**
     * {@inheritDoc}
     *
     * <p>Ends with an EOS token, which is not returned, and after {@code maxNewTokens} tokens: a
     * caller that asks {@link #isFinished} spares the pass whose logits would not be used.
     *
     * @throws IllegalStateException if a logit is NaN or infinite (negative infinity rules a token
     *     out)
     */
    @Override
    public int next(FloatBuffer logits) {
        if (isOver()) {
            return END;
        }
        load(logits);
        return accept(
                config.isGreedy()
                        ? Candidates.argMax(scores)
                        : candidates().draw(random.nextDouble()));
    }

    /**
     * {@inheritDoc}
     *
     * <p>Greedy search needs one; top-k its k and {@link Candidates#MOST_TIES} more that may equal
     * the last, also where top-p or min-p work on what it leaves. The repetition penalty may change
     * any.
     */
    @Override
    public int bestLogits() {
        if (config.repetitionPenalty() != 1) {
            return 0;
        }
        if (config.isGreedy()) {
            return 1;
        }
        int wanted = Math.min(config.topK(), BestLogits.MOST) + Candidates.MOST_TIES;
        return config.topK() > 0 && wanted <= BestLogits.MOST ? wanted : 0;
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalStateException if a logit is NaN or infinite
     */
    @Override
    public int next(FloatBuffer values, IntBuffer ids) {
        if (isOver()) {
            return END;
        }
        float best = values.get(values.position());
        if (best == Float.NEGATIVE_INFINITY) {
            throw impossible();
        }
        if (!Float.isFinite(best)) {
            throw damaged(ids.get(ids.position()));
        }
        if (config.isGreedy()) {
            return accept(ids.get(ids.position()));
        }
        candidates.reset(values, ids, config);
        return accept(candidates.draw(random.nextDouble()));
    }

    private boolean isOver() {
        finished |= chosen == config.maxNewTokens();
        return finished;
    }

    private int accept(int token) {
        if (ends.get(token)) {
            finished = true;
            return END;
        }
        seen.set(token);
        chosen++;
        finished = chosen == config.maxNewTokens();
        return token;
    }

    /**
     * Tells whether {@link #next} would return {@link #END}, whatever the logits.
     *
     * @return true after the last token
     */
    @Override
    public boolean isFinished() {
        return finished;
    }

    /** Takes the logits, with the repetition penalty applied. */
    void load(FloatBuffer logits) {
        FloatBuffer source = logits.duplicate();
        if (scores.length != source.remaining()) {
            scores = new float[source.remaining()];
        }
        source.get(scores);
        boolean possible = false;
        for (int id = 0; id < scores.length; id++) {
            float score = scores[id];
            if (Float.isNaN(score) || score == Float.POSITIVE_INFINITY) {
                throw damaged(id);
            }
            possible |= score != Float.NEGATIVE_INFINITY;
        }
        if (!possible) {
            throw impossible();
        }
        penalize();
    }

    private IllegalStateException damaged(int id) {
        return new IllegalStateException(
                "the logit of token "
                        + id
                        + " is NaN or Infinity (token "
                        + chosen
                        + " of the answer); the weights or the computation are damaged");
    }

    private static IllegalStateException impossible() {
        return new IllegalStateException("no token is possible: all logits are -Infinity");
    }

    /** Returns the tokens that may be drawn from what {@link #load} took. */
    Candidates candidates() {
        candidates.reset(scores, config);
        return candidates;
    }

    /** Source: arXiv:1909.05858; each token counts once. */
    private void penalize() {
        float penalty = (float) config.repetitionPenalty();
        if (penalty == 1) {
            return;
        }
        for (int id = seen.nextSetBit(0); id >= 0 && id < scores.length; ) {
            scores[id] = scores[id] < 0 ? scores[id] * penalty : scores[id] / penalty;
            id = seen.nextSetBit(id + 1);
        }
    }
}
