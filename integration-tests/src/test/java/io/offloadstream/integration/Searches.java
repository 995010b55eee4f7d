/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import io.offloadstream.model.Session;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.model.TokenBatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Beam and contrastive search as their papers have them, every sequence recomputed from its first
 * token: what DJL's searches, with their caches, must find too.
 */
final class Searches {

    /** What the model says of a whole sequence: next-token probabilities, hidden states. */
    private record State(double[] next, float[][] hidden) {}

    private record Beam(int[] ids, double probability) {}

    private final StreamedModel model;
    private final int length;
    private final int width;

    /**
     * Prepares searches.
     *
     * @param length tokens of the result, the prompt included
     * @param width beams, or candidates
     */
    Searches(StreamedModel model, int length, int width) {
        this.model = model;
        this.length = length;
        this.width = width;
    }

    private State run(int[] ids) {
        try (Session session = model.newSession(1)) {
            Runs.Result result =
                    Runs.all(model, session, new TokenBatch(ids.length, ids, null, null));
            int vocab = model.decoder().vocabSize();
            float[] last =
                    Arrays.copyOfRange(
                            result.logits(), (ids.length - 1) * vocab, ids.length * vocab);
            return new State(softmax(last), rows(result.hidden(), model.decoder().hiddenSize()));
        }
    }

    private static float[][] rows(float[] values, int columns) {
        return IntStream.range(0, values.length / columns)
                .mapToObj(row -> Arrays.copyOfRange(values, row * columns, (row + 1) * columns))
                .toArray(float[][]::new);
    }

    private static double[] softmax(float[] logits) {
        double largest = Float.NEGATIVE_INFINITY;
        for (float logit : logits) {
            largest = Math.max(largest, logit);
        }
        double[] weights = new double[logits.length];
        double sum = 0;
        for (int i = 0; i < logits.length; i++) {
            weights[i] = Math.exp(logits[i] - largest);
            sum += weights[i];
        }
        double total = sum;
        return Arrays.stream(weights).map(weight -> weight / total).toArray();
    }

    private int[] likeliest(double[] probabilities) {
        return IntStream.range(0, probabilities.length)
                .boxed()
                .sorted(Comparator.comparingDouble(id -> -probabilities[id]))
                .limit(width)
                .mapToInt(Integer::intValue)
                .toArray();
    }

    private static int[] append(int[] ids, int id) {
        int[] longer = Arrays.copyOf(ids, ids.length + 1);
        longer[ids.length] = id;
        return longer;
    }

    /** The likeliest sequences that were kept at every step, the likeliest first. */
    long[][] beam(int[] prompt) {
        List<Beam> beams = List.of(new Beam(prompt, 1));
        for (int tokens = prompt.length; tokens < length; tokens++) {
            List<Beam> candidates = new ArrayList<>();
            for (Beam beam : beams) {
                double[] next = run(beam.ids()).next();
                for (int id : likeliest(next)) {
                    candidates.add(new Beam(append(beam.ids(), id), beam.probability() * next[id]));
                }
            }
            candidates.sort(Comparator.comparingDouble(beam -> -beam.probability()));
            beams = candidates.subList(0, width);
        }
        return beams.stream().map(beam -> longs(beam.ids())).toArray(long[][]::new);
    }

    /**
     * Weighs a candidate's probability against its likeness to what is there.
     *
     * <p>Source: "A Contrastive Framework for Neural Text Generation", arXiv:2202.06417.
     *
     * @param alpha the weight of likeness
     */
    long[] contrastive(int[] prompt, double alpha) {
        int[] ids = prompt;
        while (ids.length < length) {
            double[] next = run(ids).next();
            int chosen = -1;
            double best = Double.NEGATIVE_INFINITY;
            for (int id : likeliest(next)) {
                double score = (1 - alpha) * next[id] - alpha * likeness(append(ids, id));
                if (score > best) {
                    best = score;
                    chosen = id;
                }
            }
            ids = append(ids, chosen);
        }
        return longs(ids);
    }

    /** The largest cosine between the hidden state of the last token and of one before it. */
    private double likeness(int[] ids) {
        float[][] hidden = run(ids).hidden();
        double largest = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < ids.length - 1; i++) {
            double cosine =
                    dot(hidden[i], hidden[ids.length - 1])
                            / Math.sqrt(
                                    dot(hidden[i], hidden[i])
                                            * dot(hidden[ids.length - 1], hidden[ids.length - 1]));
            largest = Math.max(largest, cosine);
        }
        return largest;
    }

    private static double dot(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (double) a[i] * b[i];
        }
        return sum;
    }

    private static long[] longs(int[] ids) {
        return IntStream.of(ids).asLongStream().toArray();
    }
}
