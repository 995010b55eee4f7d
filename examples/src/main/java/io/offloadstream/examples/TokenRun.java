/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import io.offloadstream.model.BestLogits;
import io.offloadstream.model.KvShape;
import io.offloadstream.model.PassOutput;
import io.offloadstream.model.Session;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.model.TokenBatch;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.Owned;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Runs token ids through a model, always taking the likeliest token, as greedy search does: what is
 * timed where there is no tokenizer. Closing ends the session.
 */
final class TokenRun implements AutoCloseable {

    private static final long SEED = 20261121;

    private final StreamedModel model;
    private final Session session;
    private final HostMemory memory;
    private final BestLogits best;
    private final FloatBuffer value;
    private final IntBuffer id;

    /**
     * Opens a session of one sequence.
     *
     * @param model an open model; the best logits of one position are charged to its budget
     */
    TokenRun(StreamedModel model) {
        this.model = model;
        int merged = Math.toIntExact(BestLogits.sizeBytes(model, 1, 1));
        memory = model.allocateOutput("best logits", merged + 8);
        boolean opened = false;
        try {
            best = new BestLogits(model, memory, 1, 1);
            value = memory.buffer(merged, Float.BYTES).asFloatBuffer();
            id = memory.buffer(merged + Float.BYTES, Integer.BYTES).asIntBuffer();
            session = model.newSession(1);
            opened = true;
        } finally {
            if (!opened) {
                memory.close();
            }
        }
    }

    /**
     * Runs tokens.
     *
     * @param ids of the sequence's next tokens
     * @return the likeliest token after them
     */
    int next(int... ids) {
        TokenBatch input = new TokenBatch(ids.length, ids, null, null);
        session.forward(input, PassOutput.best(new int[] {ids.length - 1}, best));
        best.merge(0, value, id);
        if (!Float.isFinite(value.get(0))) {
            throw new IllegalStateException(
                    "the logits are not finite after " + session.length() + " tokens");
        }
        return id.get(0);
    }

    /**
     * Takes random keys and values for those of some tokens: decoding after a long text, without
     * the time to compute that.
     *
     * @param slots of the sequence, which is empty before
     */
    void fill(int slots) {
        KvShape shape = model.decoder().kvShape();
        int bytes = Math.multiplyExact(Float.BYTES * shape.heads() * shape.headDim(), slots);
        SplittableRandom random = new SplittableRandom(SEED);
        session.beginImport(slots);
        try (HostMemory keys = HostMemory.allocate(model.budget(), "random keys", bytes);
                HostMemory values = HostMemory.allocate(model.budget(), "random values", bytes)) {
            for (HostMemory each : List.of(keys, values)) {
                FloatBuffer floats = HostMemory.view(each.address(), bytes).asFloatBuffer();
                while (floats.hasRemaining()) {
                    floats.put((float) random.nextDouble(-1, 1));
                }
            }
            for (int layer = 0; layer < model.decoder().blockCount(); layer++) {
                session.importKv(layer, keys.address(), values.address());
            }
        }
    }

    /**
     * Makes a prompt of arbitrary tokens.
     *
     * @param length tokens
     * @param vocab how many tokens the model knows
     * @return ids
     */
    static int[] prompt(int length, int vocab) {
        int[] ids = new int[length];
        for (int i = 0; i < length; i++) {
            ids[i] = (int) ((i * 2654435761L + 97) % vocab);
        }
        return ids;
    }

    @Override
    public void close() {
        Owned.closeAll(session, memory);
    }
}
