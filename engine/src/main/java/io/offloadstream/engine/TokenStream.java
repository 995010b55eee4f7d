/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import io.offloadstream.model.BestLogits;
import io.offloadstream.model.PassOutput;
import io.offloadstream.model.Session;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.model.TokenBatch;
import io.offloadstream.model.TokenChooser;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.OffloadStreamException;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * Generates the tokens of one sequence, each when it is asked for: {@link #hasNext} runs the pass.
 *
 * <p>The session is given back when the text ends, when a pass fails, and when this is closed. An
 * abandoned stream holds it until the next call of its predictor, or until the predictor or model
 * is closed.
 */
public final class TokenStream implements Iterator<NDList>, AutoCloseable {

    private final StreamedModel model;
    private final OfsNDManager manager;
    private final ModelRequest request;
    private final TokenChooser chooser;
    private final SessionScope scope;
    private final boolean ownsScope;
    private final int vocabSize;

    /** How many of the largest logits the chooser needs; 0 for all. */
    private final int wanted;

    private TokenBatch pending;
    private int logitRow;
    private volatile Session session;
    private volatile HostMemory logits;
    private int token = TokenChooser.END;
    private volatile boolean ended;

    /**
     * Begins a stream; nothing runs yet.
     *
     * @param model what runs the passes
     * @param manager of the model, whose budget pays for the tokens' arrays
     * @param request a batch of one sequence
     * @param chooser decides each token, and when the text ends
     * @param scope holds the session
     * @param ownsScope whether to close the scope at the end
     */
    TokenStream(
            StreamedModel model,
            OfsNDManager manager,
            ModelRequest request,
            TokenChooser chooser,
            SessionScope scope,
            boolean ownsScope) {
        requireOneSequence(request);
        this.model = model;
        this.manager = manager;
        this.request = request;
        this.chooser = chooser;
        this.vocabSize = model.decoder().vocabSize();
        int best = chooser.bestLogits();
        this.wanted = best < vocabSize ? best : 0;
        this.scope = scope;
        this.ownsScope = ownsScope;
        pending =
                new TokenBatch(
                        request.tokens(), request.ids(), request.mask(), request.positions());
        logitRow = lastCounted(request);
    }

    /**
     * Checks that a request can be generated for.
     *
     * @param request to be gone on from
     * @throws IllegalArgumentException if it has several sequences, a past, or no token that counts
     */
    static void requireOneSequence(ModelRequest request) {
        if (request.batch() != 1 || request.pastTokens() != 0) {
            throw new IllegalArgumentException(
                    "generation takes one sequence without keys and values, the request has "
                            + request.batch()
                            + " sequences and "
                            + request.pastTokens()
                            + " past tokens; use one predictor per sequence");
        }
        lastCounted(request);
    }

    private static int lastCounted(ModelRequest request) {
        int row = request.tokens() - 1;
        while (request.mask() != null && row >= 0 && request.mask()[row] == 0) {
            row--;
        }
        if (row < 0) {
            throw new IllegalArgumentException(
                    NamedInputs.MASK + " is 0 everywhere; generation needs a token to go on from");
        }
        return row;
    }

    /**
     * Tells whether there is a token, running a pass to find out.
     *
     * @return false when the text has ended
     * @throws EngineException if the pass fails or is cancelled; the stream has ended then
     */
    @Override
    public boolean hasNext() {
        if (token == TokenChooser.END && !ended) {
            token = nextToken();
        }
        return token != TokenChooser.END;
    }

    /**
     * Returns the next token.
     *
     * @return one int64 array (1): its id; it belongs to the manager of the input ids
     * @throws EngineException as {@link #hasNext}
     */
    @Override
    public NDList next() {
        if (!hasNext()) {
            throw new NoSuchElementException("the text has ended");
        }
        NDArray array = manager.create(new long[] {nextId()});
        array.attach(request.manager());
        return new NDList(array);
    }

    /**
     * Returns the next token as a number.
     *
     * @return its id
     */
    int nextId() {
        if (!hasNext()) {
            throw new NoSuchElementException("the text has ended");
        }
        int id = token;
        token = TokenChooser.END;
        return id;
    }

    private int nextToken() {
        boolean done = true;
        try {
            scope.enter();
            try {
                if (ended) {
                    return TokenChooser.END;
                }
                int id = step();
                done = id == TokenChooser.END || chooser.isFinished();
                return id;
            } finally {
                scope.exit();
            }
        } catch (OffloadStreamException e) {
            throw new EngineException(e.getMessage(), e);
        } finally {
            if (done) {
                close();
            }
        }
    }

    /** Runs what is pending and chooses the token after it. */
    private int step() {
        if (logits == null) {
            logits =
                    scope.allocate(
                            model,
                            "logits of the last position",
                            wanted == 0 ? 4L * vocabSize : bestBytes());
            session = scope.open(model, 1);
        }
        if (pending.tokens() > model.maxSequenceLength() - session.length()) {
            return TokenChooser.END;
        }
        int id = wanted == 0 ? chooseOfAll() : chooseOfBest();
        if (id != TokenChooser.END) {
            pending = following(id);
            logitRow = 0;
        }
        return id;
    }

    private int chooseOfAll() {
        Tensor row = new Tensor(DType.F32, logits.address(), 1, vocabSize);
        session.forward(pending, new PassOutput(new int[] {logitRow}, row, null));
        return chooser.next(logits.buffer(0, 4 * vocabSize).asFloatBuffer().asReadOnlyBuffer());
    }

    /** What the parts of the head find, then what is merged of it. */
    private long bestBytes() {
        return BestLogits.sizeBytes(model, 1, wanted) + 8L * wanted;
    }

    private int chooseOfBest() {
        BestLogits best = new BestLogits(model, logits, 1, wanted);
        session.forward(pending, PassOutput.best(new int[] {logitRow}, best));
        long merged = BestLogits.sizeBytes(model, 1, wanted);
        FloatBuffer values = logits.buffer(merged, 4 * wanted).asFloatBuffer();
        IntBuffer ids = logits.buffer(merged + 4L * wanted, 4 * wanted).asIntBuffer();
        best.merge(0, values, ids);
        return chooser.next(values, ids);
    }

    private TokenBatch following(int id) {
        byte[] mask = pending.mask();
        if (mask != null) {
            mask = Arrays.copyOf(mask, mask.length + 1);
            mask[mask.length - 1] = 1;
        }
        int[] positions = pending.positions();
        if (positions != null) {
            positions = new int[] {positions[logitRow] + 1};
        }
        return new TokenBatch(1, new int[] {id}, mask, positions);
    }

    /**
     * Ends the stream and gives the session back. May be called from another thread, which waits
     * for the one that chooses a token; closing twice has no effect.
     */
    @Override
    public void close() {
        ended = true;
        if (ownsScope) {
            scope.close();
        } else if (session != null || logits != null) {
            scope.afterWork(this::release);
        }
    }

    private void release() {
        if (session != null) {
            scope.release(session);
            session = null;
        }
        if (logits != null) {
            scope.release(logits);
            logits = null;
        }
    }
}
