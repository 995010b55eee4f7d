/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/** Orders the elements of a lane: NaN is the largest, as in NumPy; equal ones keep their order. */
final class ElementOrder {

    /** Up to this many, insertion into a short list beats sorting the whole lane. */
    private static final int INSERTION_LIMIT = 64;

    private ElementOrder() {}

    /**
     * Compares two elements.
     *
     * @param elements where they are
     * @param a index of one
     * @param b index of another
     * @param nanLargest whether NaN is larger than all; otherwise it is smaller than all
     * @return as {@link Comparator#compare}
     */
    static int compare(Elements elements, int a, int b, boolean nanLargest) {
        if (!elements.type().isFloating()) {
            return Long.compare(elements.whole(a), elements.whole(b));
        }
        double x = elements.real(a);
        double y = elements.real(b);
        if (Double.isNaN(x) || Double.isNaN(y)) {
            int order = Boolean.compare(Double.isNaN(x), Double.isNaN(y));
            return nanLargest ? order : -order;
        }
        // not Double.compare: zeros of both signs are equal
        return x < y ? -1 : x > y ? 1 : 0;
    }

    /**
     * Finds the first {@code k} positions of a lane in order.
     *
     * @param elements where the lane is
     * @param first its first element
     * @param stride from one element of the lane to the next
     * @param count how many elements it has
     * @param k how many positions are wanted
     * @param ascending smallest first, or largest first
     * @return positions in the lane
     */
    static int[] first(
            Elements elements, int first, int stride, int count, int k, boolean ascending) {
        Comparator<Integer> order =
                (a, b) -> {
                    int compared = compare(elements, first + a * stride, first + b * stride, true);
                    return ascending ? compared : -compared;
                };
        if (k > INSERTION_LIMIT) {
            Integer[] all = IntStream.range(0, count).boxed().toArray(Integer[]::new);
            Arrays.sort(all, order);
            return Arrays.stream(all).limit(k).mapToInt(Integer::intValue).toArray();
        }
        int[] best = new int[k];
        int found = 0;
        for (int i = 0; i < count; i++) {
            if (found == k && (k == 0 || order.compare(i, best[k - 1]) >= 0)) {
                continue;
            }
            int at = found < k ? found++ : k - 1;
            while (at > 0 && order.compare(i, best[at - 1]) < 0) {
                best[at] = best[at - 1];
                at--;
            }
            best[at] = i;
        }
        return best;
    }
}
