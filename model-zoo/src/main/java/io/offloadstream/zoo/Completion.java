/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.zoo;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import io.offloadstream.model.TokenChooser;
import io.offloadstream.text.Sampler;
import io.offloadstream.text.TextPieces;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.Iterator;

/**
 * The text of one request as it grows: chooses tokens, turns them into text, and ends at a stop
 * string. Prediction and streaming run the same one, so they give the same text.
 */
final class Completion implements TokenChooser {

    private final Sampler sampler;
    private final TextPieces pieces;
    private final StringBuilder text = new StringBuilder();
    private int tokens;
    private int lastToken = END;
    private int taken;
    private boolean stopped;
    private boolean ended;
    private boolean complete;

    /**
     * Begins a completion.
     *
     * @param sampler chooses tokens
     * @param pieces turns them into text
     */
    Completion(Sampler sampler, TextPieces pieces) {
        this.sampler = sampler;
        this.pieces = pieces;
    }

    @Override
    public int next(FloatBuffer logits) {
        if (isFinished()) {
            return END;
        }
        return accept(sampler.next(logits));
    }

    @Override
    public int bestLogits() {
        return sampler.bestLogits();
    }

    @Override
    public int next(FloatBuffer values, IntBuffer ids) {
        return isFinished() ? END : accept(sampler.next(values, ids));
    }

    private int accept(int id) {
        if (id == END) {
            ended = true;
        } else {
            tokens++;
            lastToken = id;
            text.append(pieces.accept(id));
            stopped = pieces.isFinished();
        }
        return id;
    }

    @Override
    public boolean isFinished() {
        return ended || stopped || sampler.isFinished();
    }

    /**
     * Returns the text that is new since the last call.
     *
     * @return text, empty while a character or a possible stop string is incomplete
     */
    String take() {
        String piece = text.substring(taken);
        taken = text.length();
        return piece;
    }

    /**
     * Goes on to the next token of a stream that this chooses for, or completes the text at its
     * end.
     *
     * @param stream runs the model when it is asked
     * @return false at the end
     */
    boolean advance(Iterator<NDList> stream) {
        if (stream.hasNext()) {
            stream.next().close();
            requireUsed(tokens > 0);
            return true;
        }
        complete();
        return false;
    }

    /**
     * Completes the text of a prediction.
     *
     * @param output what the block returned: the ids that this has chosen
     * @return the whole text
     */
    String text(NDList output) {
        requireUsed(output.head().getDataType() == DataType.INT64);
        complete();
        return text();
    }

    private static void requireUsed(boolean used) {
        if (!used) {
            throw new IllegalStateException(
                    "the model generated without this request's parameters: its predictor does not"
                            + " pass them on; create predictors by newPredictor of an OffloadStream"
                            + " model");
        }
    }

    /** Ends the text: what was held back becomes part of it. */
    private void complete() {
        if (!complete) {
            complete = true;
            text.append(pieces.finish());
        }
    }

    /**
     * Returns the text so far.
     *
     * @return all of it once it is complete
     */
    String text() {
        return text.toString();
    }

    /**
     * Returns the token chosen last.
     *
     * @return its id, or {@link #END}
     */
    int lastToken() {
        return lastToken;
    }

    /**
     * Returns how many tokens were chosen.
     *
     * @return tokens
     */
    int tokens() {
        return tokens;
    }

    /**
     * Returns why the text ended, in DJL Serving's words.
     *
     * @return {@code stop_sequence}, {@code eos_token} or {@code length}
     */
    String finishReason() {
        if (stopped) {
            return "stop_sequence";
        }
        return ended ? "eos_token" : "length";
    }
}
