/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import java.util.ArrayList;
import java.util.List;

/**
 * The toy model with DJL's arrays around it: {@code [ids, positions, mask]} or {@code [ids,
 * positions, mask, keys, values]} in, {@code [logits, hidden, keys, values]} out.
 */
final class ToyBlock extends AbstractBlock {

    private static final int HEADS = ToyLanguageModel.HEADS;
    private static final int HEAD_DIM = ToyLanguageModel.HEAD_DIM;

    private final ToyLanguageModel model;
    int passes;

    ToyBlock(ToyLanguageModel model) {
        this.model = model;
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
        throw new UnsupportedOperationException("not asked for");
    }

    @Override
    protected NDList forwardInternal(
            ParameterStore store,
            NDList inputs,
            boolean training,
            PairList<String, Object> params) {
        passes++;
        Shape shape = inputs.get(0).getShape();
        int batch = (int) shape.get(0);
        int tokens = (int) shape.get(1);
        long[] ids = inputs.get(0).toLongArray();
        long[] positions = inputs.get(1).toLongArray();
        long[] mask = inputs.get(2).toLongArray();
        boolean cached = inputs.size() > 3;
        int past = cached ? (int) inputs.get(3).getShape().get(2) : 0;
        int total = past + tokens;
        float[] pastKeys = cached ? inputs.get(3).toFloatArray() : new float[0];
        float[] pastValues = cached ? inputs.get(4).toFloatArray() : new float[0];
        float[] keys = new float[batch * HEADS * total * HEAD_DIM];
        float[] values = new float[keys.length];
        float[] logits = new float[batch * tokens * ToyLanguageModel.VOCAB];
        float[] hidden = new float[batch * tokens * ToyLanguageModel.HIDDEN];
        for (int b = 0; b < batch; b++) {
            List<float[]> rowKeys = rows(pastKeys, b, past);
            List<float[]> rowValues = rows(pastValues, b, past);
            for (int t = 0; t < tokens; t++) {
                int at = b * tokens + t;
                double[] x = model.embed(ids[at], positions[at]);
                rowKeys.add(model.key(x));
                rowValues.add(model.value(x));
                double[] state = attend(x, rowKeys, rowValues, mask, b * total);
                put(state, hidden, at * ToyLanguageModel.HIDDEN);
                put(model.logits(state), logits, at * ToyLanguageModel.VOCAB);
            }
            scatter(rowKeys, keys, b);
            scatter(rowValues, values, b);
        }
        NDManager manager = inputs.get(0).getManager();
        Shape kv = new Shape(batch, HEADS, total, HEAD_DIM);
        NDArray logitsArray =
                manager.create(logits, new Shape(batch, tokens, ToyLanguageModel.VOCAB));
        NDArray hiddenArray =
                manager.create(hidden, new Shape(batch, tokens, ToyLanguageModel.HIDDEN));
        return new NDList(
                logitsArray, hiddenArray, manager.create(keys, kv), manager.create(values, kv));
    }

    private double[] attend(
            double[] x, List<float[]> keys, List<float[]> values, long[] mask, int firstMask) {
        List<float[]> seenKeys = new ArrayList<>();
        List<float[]> seenValues = new ArrayList<>();
        for (int t = 0; t < keys.size(); t++) {
            if (mask[firstMask + t] != 0) {
                seenKeys.add(keys.get(t));
                seenValues.add(values.get(t));
            }
        }
        return model.hidden(x, seenKeys, seenValues);
    }

    private static void put(double[] source, float[] target, int at) {
        for (int i = 0; i < source.length; i++) {
            target[at + i] = (float) source[i];
        }
    }

    private static List<float[]> rows(float[] cache, int b, int count) {
        List<float[]> result = new ArrayList<>();
        for (int t = 0; t < count; t++) {
            float[] row = new float[HEADS * HEAD_DIM];
            for (int i = 0; i < row.length; i++) {
                int head = i / HEAD_DIM;
                row[i] = cache[((b * HEADS + head) * count + t) * HEAD_DIM + i % HEAD_DIM];
            }
            result.add(row);
        }
        return result;
    }

    private static void scatter(List<float[]> rows, float[] cache, int b) {
        int count = rows.size();
        for (int t = 0; t < count; t++) {
            for (int i = 0; i < HEADS * HEAD_DIM; i++) {
                int head = i / HEAD_DIM;
                cache[((b * HEADS + head) * count + t) * HEAD_DIM + i % HEAD_DIM] = rows.get(t)[i];
            }
        }
    }
}
