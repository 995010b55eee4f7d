/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.zoo;

import ai.djl.inference.streaming.StreamingTranslator.StreamOutput;
import ai.djl.ndarray.NDList;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.stream.Stream;

/**
 * Text as it is made. {@code Predictor<String, String>.streamingPredict} returns one; a string
 * cannot grow, so read it piece by piece:
 *
 * <pre>{@code
 * try (TextStream text = (TextStream) predictor.streamingPredict("Once upon a time")) {
 *     text.forEachRemaining(System.out::print);
 * }
 * }</pre>
 *
 * <p>{@link #getIterativeOutput} returns the whole text instead. Closing early ends the generation;
 * so do the next call and the end of the predictor. For one thread.
 */
public final class TextStream extends StreamOutput<String>
        implements Iterator<String>, AutoCloseable {

    private final Completion completion;
    private final Stream<NDList> stream;
    private final Iterator<NDList> tokens;
    private String piece = "";
    private boolean ended;

    /**
     * Begins to read.
     *
     * @param completion grows with each token
     * @param stream the tokens
     */
    TextStream(Completion completion, Stream<NDList> stream) {
        this.completion = completion;
        this.stream = stream;
        this.tokens = stream.iterator();
    }

    /**
     * Tells whether there is more text, running the model to find out.
     *
     * @return false when the text has ended
     * @throws ai.djl.engine.EngineException if a pass fails or is cancelled
     */
    @Override
    public boolean hasNext() {
        while (piece.isEmpty() && !ended) {
            if (!completion.advance(tokens)) {
                close();
            }
            piece = completion.take();
        }
        return !piece.isEmpty();
    }

    /**
     * Returns the next piece of text.
     *
     * @return one character or more, never half of one
     */
    @Override
    public String next() {
        if (!hasNext()) {
            throw new NoSuchElementException("the text has ended");
        }
        String next = piece;
        piece = "";
        return next;
    }

    /**
     * Not supported: a string cannot grow after it was handed out.
     *
     * @throws UnsupportedOperationException always
     */
    @Override
    protected String buildAsyncOutput() {
        throw new UnsupportedOperationException(
                "a String cannot be filled in later; iterate, or use Input and Output");
    }

    @Override
    protected void computeAsyncOutputInternal(String output) {
        throw new UnsupportedOperationException(
                "a String cannot be filled in later; iterate, or use Input and Output");
    }

    @Override
    public String getIterativeOutputInternal() {
        StringBuilder text = new StringBuilder();
        forEachRemaining(text::append);
        return text.toString();
    }

    /** Ends the generation and gives its memory back. Closing twice has no effect. */
    @Override
    public void close() {
        ended = true;
        stream.close();
    }
}
