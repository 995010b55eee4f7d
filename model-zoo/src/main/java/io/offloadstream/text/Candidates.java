/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.text;

import java.util.Arrays;

/**
 * The tokens that may be drawn, with their scores. Each filter keeps at least one. Equal scores
 * count as descending with the id, so the lowest id is the best of them.
 *
 * <p>Vocabularies have up to 256,000 entries: top-k selects with a heap of k, top-p takes from a
 * heap until the mass is reached, nothing sorts them all.
 */
final class Candidates {

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
        if (ids.length < logits.length) {
            ids = new int[logits.length];
            scores = new float[logits.length];
        }
        count = 0;
        for (int id = 0; id < logits.length; id++) {
            // Dividing by the temperature keeps the order, so top-k may look at the logits.
            if (logits[id] >= threshold && logits[id] != Float.NEGATIVE_INFINITY) {
                ids[count] = id;
                // The best one gets 0, so nothing overflows at the smallest temperature.
                scores[count++] = (float) (((double) logits[id] - best) / temperature);
            }
        }
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

    /** All scores that equal the k-th largest stay, as in transformers' TopKLogitsWarper. */
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
