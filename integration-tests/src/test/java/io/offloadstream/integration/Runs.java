/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import io.offloadstream.model.PassOutput;
import io.offloadstream.model.Session;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.model.TokenBatch;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;

/** Runs token batches through a model below DJL, and returns plain arrays. */
final class Runs {

    /**
     * What a pass gave.
     *
     * @param logits (rows, vocab)
     * @param hidden (rows, hidden) after the final norm
     */
    record Result(float[] logits, float[] hidden) {}

    private Runs() {}

    /** All logits and hidden states, their memory charged to the model's budget. */
    static Result all(StreamedModel model, Goldens.Case c) {
        try (Session session = model.newSession(c.batch())) {
            return all(model, session, new TokenBatch(c.tokens(), c.inputIds(), c.mask(), null));
        }
    }

    static Result all(StreamedModel model, Session session, TokenBatch input) {
        int rows = input.ids().length;
        int vocab = model.decoder().vocabSize();
        int width = model.decoder().hiddenSize();
        MemoryBudget budget = model.budget();
        try (HostMemory logits = HostMemory.allocate(budget, "logits", 4L * rows * vocab);
                HostMemory hidden =
                        HostMemory.allocate(
                                MemoryBudget.unlimited("test"), "hidden", 4L * rows * width)) {
            session.forward(
                    input,
                    new PassOutput(
                            null,
                            new Tensor(DType.F32, logits.address(), rows, vocab),
                            new Tensor(DType.F32, hidden.address(), rows, width)));
            return new Result(floats(logits), floats(hidden));
        }
    }

    /** Greedy continuation, one token at a time. */
    static int[] greedy(StreamedModel model, int[] prompt, int count) {
        int vocab = model.decoder().vocabSize();
        int[] tokens = new int[count];
        try (Session session = model.newSession(1);
                HostMemory memory = HostMemory.allocate(model.budget(), "logits", 4L * vocab)) {
            Tensor logits = new Tensor(DType.F32, memory.address(), 1, vocab);
            int[] next = prompt;
            for (int i = 0; i < count; i++) {
                session.forward(
                        new TokenBatch(next.length, next, null, null),
                        new PassOutput(new int[] {next.length - 1}, logits, null));
                tokens[i] = argMax(floats(memory));
                next = new int[] {tokens[i]};
            }
        }
        return tokens;
    }

    static int argMax(float[] values) {
        int best = 0;
        for (int i = 1; i < values.length; i++) {
            if (values[i] > values[best]) {
                best = i;
            }
        }
        return best;
    }

    static float[] floats(HostMemory memory) {
        float[] values = new float[Math.toIntExact(memory.sizeBytes() / Float.BYTES)];
        memory.buffer(0, Math.toIntExact(memory.sizeBytes())).asFloatBuffer().get(values);
        return values;
    }
}
