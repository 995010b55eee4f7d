/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.text;

import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.Arrays;

/**
 * The tokens that may be drawn, with their scores. Each filter keeps at least one. Equal scores
 * count as descending with the id, so the lowest id is the best of them.
 *
 * <p>Vocabularies have up to 256,000 entries: top-k selects with a heap of k, top-p takes from a
 * heap until the mass is reached, nothing sorts them all.
 */
final class Candidates {

    /**
     * Of the tokens that equal the k-th best, so many more than k are kept; those of the lowest
     * ids. It makes top-k need a number of logits that is known beforehand.
     */
    static final int MOST_TIES = 32;

    private int[] ids = new int[0];
    private float[] scores = new float[0];
    private int count;

    /**
     * Returns the index of the largest score, the lowest of equals.
     *
     * @param scores one per token
     * @return a token id
     */
    static int argMax(float[] scores) {
        int best = 0;
        for (int id = 1; id < scores.length; id++) {
            if (scores[id] > scores[best]) {
                best = id;
            }
        }
        return best;
    }

    /**
     * Takes all tokens and applies temperature, top-k, top-p and min-p.
     *
     * @param logits (vocab), no NaN, not all negative infinity
     * @param config temperature above 0
     */
    void reset(float[] logits, GenerationConfig config) {
        double temperature = config.temperature();
        float best = logits[argMax(logits)];
        float threshold = kthLargest(logits, config.topK());
        int ties = tiesLeft(logits, threshold, config.topK());
        reserve(logits.length);
        for (int id = 0; id < logits.length; id++) {
            // Dividing by the temperature keeps the order, so top-k may look at the logits.
            boolean tie = logits[id] == threshold;
            if (logits[id] > threshold || (tie && ties-- > 0)) {
                add(id, score(logits[id], best, temperature));
            }
        }
        filter(config);
    }

    /**
     * Takes the best tokens and applies temperature, top-k, top-p and min-p: the same, to the last
     * bit, as if all were given.
     *
     * @param values the largest top-k and {@link #MOST_TIES} logits, the largest first, of equal
     *     ones the lowest id
     * @param tokens their ids
     * @param config temperature and top-k above 0
     */
    void reset(FloatBuffer values, IntBuffer tokens, GenerationConfig config) {
        int first = values.position();
        int given = values.remaining();
        float best = values.get(first);
        float threshold =
                config.topK() > given
                        ? Float.NEGATIVE_INFINITY
                        : values.get(first + config.topK() - 1);
        reserve(given);
        for (int i = 0; i < given; i++) {
            float value = values.get(first + i);
            if (value >= threshold && value != Float.NEGATIVE_INFINITY) {
                int id = tokens.get(tokens.position() + i);
                insert(id, score(value, best, config.temperature()));
            }
        }
        filter(config);
    }

    /** The best one gets 0, so nothing overflows at the smallest temperature. */
    private static float score(float logit, float best, double temperature) {
        return (float) (((double) logit - best) / temperature);
    }

    /** How many of those that equal the threshold are kept. */
    private static int tiesLeft(float[] logits, float threshold, int k) {
        if (threshold == Float.NEGATIVE_INFINITY) {
            return 0;
        }
        int larger = 0;
        for (float logit : logits) {
            larger += logit > threshold ? 1 : 0;
        }
        return k + MOST_TIES - larger;
    }

    private void reserve(int most) {
        if (ids.length < most) {
            ids = new int[most];
            scores = new float[most];
        }
        count = 0;
    }

    private void add(int id, float score) {
        ids[count] = id;
        scores[count++] = score;
    }

    /** Adds where the ids ascend, as they do when all tokens are looked through. */
    private void insert(int id, float score) {
        int at = count++;
        for (; at > 0 && ids[at - 1] > id; at--) {
            ids[at] = ids[at - 1];
            scores[at] = scores[at - 1];
        }
        ids[at] = id;
        scores[at] = score;
    }

    private void filter(GenerationConfig config) {
        if (config.topP() < 1) {
            keepMass(config.topP());
        }
        if (config.minP() > 0) {
            keepShareOfBest(config.minP());
        }
    }

    /**
     * Draws by probability.
     *
     * @param u uniform in [0, 1)
     * @return a token id
     */
    int draw(double u) {
        double rest = u * mass();
        for (int i = 0; i < count; i++) {
            rest -= weight(scores[i]);
            if (rest < 0) {
                return ids[i];
            }
        }
        return ids[count - 1];
    }

    /**
     * Returns the tokens left.
     *
     * @return ids in no order
     */
    int[] ids() {
        return Arrays.copyOf(ids, count);
    }

    /**
     * Returns the scores left, as distances from the best one's, divided by the temperature.
     *
     * @return in the order of {@link #ids}
     */
    float[] scores() {
        return Arrays.copyOf(scores, count);
    }

    /** Scores that equal the k-th largest stay, as in transformers' TopKLogitsWarper. */
    private static float kthLargest(float[] logits, int k) {
        if (k == 0 || k >= logits.length) {
            return Float.NEGATIVE_INFINITY;
        }
        float[] heap = Arrays.copyOf(logits, k);
        for (int i = k / 2 - 1; i >= 0; i--) {
            siftDown(heap, i);
        }
        for (int id = k; id < logits.length; id++) {
            if (logits[id] > heap[0]) {
                heap[0] = logits[id];
                siftDown(heap, 0);
            }
        }
        return heap[0];
    }

    /** Restores a heap whose least value is on top. */
    private static void siftDown(float[] heap, int start) {
        int i = start;
        while (2 * i + 1 < heap.length) {
            int child = 2 * i + 1;
            if (child + 1 < heap.length && heap[child + 1] < heap[child]) {
                child++;
            }
            if (heap[i] <= heap[child]) {
                return;
            }
            float moved = heap[i];
            heap[i] = heap[child];
            heap[child] = moved;
            i = child;
        }
    }

    /** Keeps the best tokens until their probabilities reach the mass. */
    private void keepMass(double topP) {
        double enough = topP * mass();
        for (int i = count / 2 - 1; i >= 0; i--) {
            siftDownBest(i, count);
        }
        // The taken tokens gather behind the shrinking heap, the best one last.
        int heap = count;
        double taken = 0;
        while (heap > 0 && taken < enough) {
            taken += weight(scores[0]);
            swap(0, --heap);
            siftDownBest(0, heap);
        }
        count -= heap;
        System.arraycopy(ids, heap, ids, 0, count);
        System.arraycopy(scores, heap, scores, 0, count);
    }

    private void keepShareOfBest(double minP) {
        int kept = 0;
        for (int i = 0; i < count; i++) {
            if (weight(scores[i]) >= minP) {
                ids[kept] = ids[i];
                scores[kept++] = scores[i];
            }
        }
        count = kept;
    }

    private double mass() {
        double mass = 0;
        for (int i = 0; i < count; i++) {
            mass += weight(scores[i]);
        }
        return mass;
    }

    /** The probability as a share of the best token's. */
    private static double weight(float score) {
        return Math.exp(score);
    }

    /** Restores a heap whose best token is on top. */
    private void siftDownBest(int start, int size) {
        int i = start;
        while (2 * i + 1 < size) {
            int child = 2 * i + 1;
            if (child + 1 < size && isBetter(child + 1, child)) {
                child++;
            }
            if (!isBetter(child, i)) {
                return;
            }
            swap(i, child);
            i = child;
        }
    }

    private boolean isBetter(int a, int b) {
        return scores[a] != scores[b] ? scores[a] > scores[b] : ids[a] < ids[b];
    }

    private void swap(int a, int b) {
        int id = ids[a];
        ids[a] = ids[b];
        ids[b] = id;
        float score = scores[a];
        scores[a] = scores[b];
        scores[b] = score;
    }
}
