/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The three searches as their papers say, each sequence recomputed from scratch at each step. */
final class ToySearch {

    private final ToyLanguageModel model;

    ToySearch(ToyLanguageModel model) {
        this.model = model;
    }

    List<Long> greedy(List<Long> prompt, int newTokens) {
        List<Long> tokens = new ArrayList<>(prompt);
        for (int i = 0; i < newTokens; i++) {
            tokens.add((long) best(model.next(tokens), 1).get(0));
        }
        return tokens;
    }

    List<List<Long>> beam(List<Long> prompt, int newTokens, int beams) {
        List<List<Long>> sequences = new ArrayList<>();
        double[] first = softmax(model.next(prompt));
        List<Double> scores = new ArrayList<>();
        for (int id : best(first, beams)) {
            sequences.add(with(prompt, id));
            scores.add(first[id]);
        }
        scores = normalized(scores);
        for (int step = 1; step < newTokens; step++) {
            List<List<Long>> candidates = new ArrayList<>();
            List<Double> candidateScores = new ArrayList<>();
            for (int b = 0; b < beams; b++) {
                double[] probabilities = softmax(model.next(sequences.get(b)));
                for (int id : best(probabilities, beams)) {
                    candidates.add(with(sequences.get(b), id));
                    candidateScores.add(probabilities[id] * scores.get(b));
                }
            }
            double[] all = candidateScores.stream().mapToDouble(x -> x).toArray();
            List<Integer> kept = best(all, beams);
            sequences = kept.stream().map(candidates::get).collect(Collectors.toList());
            scores = normalized(kept.stream().map(i -> all[i]).collect(Collectors.toList()));
        }
        return sequences;
    }

    List<Long> contrastive(List<Long> prompt, int newTokens, int k, double alpha) {
        List<Long> tokens = new ArrayList<>(prompt);
        for (int step = 0; step < newTokens; step++) {
            double[] probabilities = softmax(model.next(tokens));
            double[][] context = model.hiddenStates(tokens);
            double bestScore = Double.NEGATIVE_INFINITY;
            int chosen = -1;
            for (int id : best(probabilities, k)) {
                double[] candidate = model.hiddenStates(with(tokens, id))[tokens.size()];
                double similarity = Double.NEGATIVE_INFINITY;
                for (double[] past : context) {
                    similarity = Math.max(similarity, cosine(candidate, past));
                }
                double score = (1 - alpha) * probabilities[id] - alpha * similarity;
                if (score > bestScore) {
                    bestScore = score;
                    chosen = id;
                }
            }
            tokens.add((long) chosen);
        }
        return tokens;
    }

    private static List<Long> with(List<Long> tokens, int next) {
        List<Long> result = new ArrayList<>(tokens);
        result.add((long) next);
        return result;
    }

    private static List<Integer> best(double[] values, int count) {
        return IntStream.range(0, values.length)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> -values[i]))
                .limit(count)
                .collect(Collectors.toList());
    }

    private static double[] softmax(double[] logits) {
        double sum = 0;
        for (double x : logits) {
            sum += Math.exp(x);
        }
        double[] result = new double[logits.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = Math.exp(logits[i]) / sum;
        }
        return result;
    }

    private static List<Double> normalized(List<Double> scores) {
        double sum = scores.stream().mapToDouble(x -> x).sum();
        return scores.stream().map(x -> x / sum).collect(Collectors.toList());
    }

    private static double cosine(double[] a, double[] b) {
        double dot = 0;
        double squareA = 0;
        double squareB = 0;
        for (int i = 0; i < a.length; i++) {
            dot += a[i] * b[i];
            squareA += a[i] * a[i];
            squareB += b[i] * b[i];
        }
        return dot / Math.sqrt(squareA * squareB);
    }
}
