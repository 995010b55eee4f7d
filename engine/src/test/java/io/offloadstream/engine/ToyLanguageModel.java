/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A language model small enough to recompute from scratch: one layer of attention, so that what it
 * says next depends on every token before, through its keys and values.
 */
final class ToyLanguageModel {

    static final int VOCAB = 11;
    static final int HIDDEN = 5;
    static final int HEADS = 2;
    static final int HEAD_DIM = 3;
    private static final int WIDTH = HEADS * HEAD_DIM;
    private static final int POSITIONS = 64;

    private final double[][] embedding;
    private final double[][] position;
    private final double[][] query;
    private final double[][] key;
    private final double[][] value;
    private final double[][] output;
    private final double[][] head;

    ToyLanguageModel(long seed) {
        Random random = new Random(seed);
        embedding = matrix(random, VOCAB, HIDDEN, 1.5);
        position = matrix(random, POSITIONS, HIDDEN, 1);
        query = matrix(random, HIDDEN, WIDTH, 1);
        key = matrix(random, HIDDEN, WIDTH, 1);
        value = matrix(random, HIDDEN, WIDTH, 1);
        output = matrix(random, WIDTH, HIDDEN, 2);
        head = matrix(random, HIDDEN, VOCAB, 1);
    }

    private static double[][] matrix(Random random, int rows, int columns, double scale) {
        double[][] result = new double[rows][columns];
        for (double[] row : result) {
            for (int i = 0; i < columns; i++) {
                row[i] = scale * random.nextGaussian();
            }
        }
        return result;
    }

    private static double[] times(double[] x, double[][] matrix) {
        double[] result = new double[matrix[0].length];
        for (int i = 0; i < x.length; i++) {
            for (int j = 0; j < result.length; j++) {
                result[j] += x[i] * matrix[i][j];
            }
        }
        return result;
    }

    double[] embed(long token, long at) {
        double[] x = embedding[(int) token].clone();
        for (int i = 0; i < HIDDEN; i++) {
            x[i] += position[(int) at][i];
        }
        return x;
    }

    /** Rounded to float32, as arrays hold it. */
    float[] key(double[] x) {
        return round(times(x, key));
    }

    float[] value(double[] x) {
        return round(times(x, value));
    }

    private static float[] round(double[] x) {
        float[] result = new float[x.length];
        for (int i = 0; i < x.length; i++) {
            result[i] = (float) x[i];
        }
        return result;
    }

    double[] hidden(double[] x, List<float[]> keys, List<float[]> values) {
        double[] q = times(x, query);
        double[] mixed = new double[WIDTH];
        for (int h = 0; h < HEADS; h++) {
            double sum = 0;
            double[] weights = new double[keys.size()];
            for (int t = 0; t < weights.length; t++) {
                double score = 0;
                for (int i = h * HEAD_DIM; i < (h + 1) * HEAD_DIM; i++) {
                    score += q[i] * keys.get(t)[i];
                }
                weights[t] = Math.exp(score / Math.sqrt(HEAD_DIM));
                sum += weights[t];
            }
            for (int t = 0; t < weights.length; t++) {
                for (int i = h * HEAD_DIM; i < (h + 1) * HEAD_DIM; i++) {
                    mixed[i] += weights[t] / sum * values.get(t)[i];
                }
            }
        }
        double[] result = times(mixed, output);
        for (int i = 0; i < HIDDEN; i++) {
            result[i] = Math.tanh(0.3 * (result[i] + x[i]));
        }
        return result;
    }

    double[] logits(double[] hidden) {
        return times(hidden, head);
    }

    /** The last hidden state of each position of a sequence without padding, from scratch. */
    double[][] hiddenStates(List<Long> tokens) {
        List<float[]> keys = new ArrayList<>();
        List<float[]> values = new ArrayList<>();
        double[][] result = new double[tokens.size()][];
        for (int t = 0; t < result.length; t++) {
            double[] x = embed(tokens.get(t), t);
            keys.add(key(x));
            values.add(value(x));
            result[t] = hidden(x, keys, values);
        }
        return result;
    }

    /** The logits of the token after a sequence. */
    double[] next(List<Long> tokens) {
        return logits(hiddenStates(tokens)[tokens.size() - 1]);
    }
}
