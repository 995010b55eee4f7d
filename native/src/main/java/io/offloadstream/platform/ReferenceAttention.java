/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Paged attention in Java: the specification of {@link Kernels#attention}.
 *
 * <p>Online softmax (arXiv:1805.02867) over pages in order: a page brings its scores and their
 * maximum; what was summed so far is scaled to the new maximum before the page is added. One object
 * serves one call.
 */
final class ReferenceAttention {

    private final float[] query;
    private final float[] cached;
    private final float[] sum;
    private final float[] scores;

    ReferenceAttention(int headDim, int pageTokens) {
        query = new float[headDim];
        cached = new float[headDim];
        sum = new float[headDim];
        scores = new float[pageTokens];
    }

    /** What one item sees: slots [first, last], all of which count where mask is null. */
    record Sight(int first, int last, ByteBuffer mask) {

        boolean sees(int slot) {
            return mask == null || mask.get(slot) != 0;
        }
    }

    /**
     * Attends with one query head.
     *
     * @param q (headDim) float32
     * @param scale multiplies the scores
     * @param sight which slots count
     * @param pages addresses of the sequence's pages
     * @param keyOffset from a page's start to the keys of this head
     * @param valueOffset from those to its values
     * @param kvType type of both
     * @param y (headDim) float32
     */
    void attend(
            long q,
            float scale,
            Sight sight,
            ByteBuffer pages,
            long keyOffset,
            long valueOffset,
            int kvType,
            long y) {
        int headDim = query.length;
        FloatRows.load(q, query, headDim);
        Arrays.fill(sum, 0f);
        float maximum = -Float.MAX_VALUE; // not -inf, so that no difference of scores is a NaN
        float total = 0;
        int pageTokens = scores.length;
        long rowBytes = FloatRows.sizeBytes(kvType, headDim);
        for (int page = sight.first / pageTokens; page <= sight.last / pageTokens; page++) {
            int base = page * pageTokens;
            int begin = Math.max(sight.first - base, 0);
            int end = Math.min(sight.last - base + 1, pageTokens);
            long keys = pages.getLong(8 * page) + keyOffset;
            float pageMaximum = score(sight, base, begin, end, keys, rowBytes, kvType, scale);
            float higher = Math.max(maximum, pageMaximum);
            float shrink = (float) Math.exp(maximum - higher);
            maximum = higher;
            total *= shrink;
            for (int d = 0; d < headDim; d++) {
                sum[d] *= shrink;
            }
            for (int t = begin; t < end; t++) {
                if (sight.sees(base + t)) {
                    float share = (float) Math.exp(scores[t] - maximum);
                    total += share;
                    FloatRows.load(keys + valueOffset + t * rowBytes, kvType, cached, headDim);
                    for (int d = 0; d < headDim; d++) {
                        sum[d] += share * cached[d];
                    }
                }
            }
        }
        for (int d = 0; d < headDim; d++) {
            sum[d] = total == 0 ? 0 : sum[d] / total;
        }
        FloatRows.store(sum, y, headDim);
    }

    private float score(
            Sight sight,
            int base,
            int begin,
            int end,
            long keys,
            long rowBytes,
            int kvType,
            float scale) {
        float maximum = Float.NEGATIVE_INFINITY;
        for (int t = begin; t < end; t++) {
            if (sight.sees(base + t)) {
                FloatRows.load(keys + t * rowBytes, kvType, cached, cached.length);
                scores[t] = scale * ReferenceProduct.dot(query, 0, cached, query.length);
                maximum = Math.max(maximum, scores[t]);
            }
        }
        return maximum;
    }
}
