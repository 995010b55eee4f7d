/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

/**
 * The state of a batch of sequences that advance together: their keys and values, masks and length.
 * Closing gives the memory back.
 *
 * <p>Used by one thread at a time, except {@link #cancel} and {@link #close}.
 */
public final class Session implements AutoCloseable {

    Session() {}

    /**
     * Returns the number of sequences.
     *
     * @return sequences
     */
    public int batch() {
        throw new UnsupportedOperationException("pending");
    }

    /**
     * Returns how many slots of each sequence are taken, masked ones included.
     *
     * @return slots
     */
    public int length() {
        throw new UnsupportedOperationException("pending");
    }

    /**
     * Runs tokens through the model: in one pass over the weights, or in several when the hidden
     * state of all tokens does not fit the budget.
     *
     * @param input the tokens
     * @param output where results go
     * @throws IllegalArgumentException if the request is malformed or longer than {@code
     *     maxSequenceLength}; nothing has run then
     * @throws io.offloadstream.platform.OffloadStreamException if the pass fails; the session is
     *     then as it was before
     */
    public void forward(TokenBatch input, PassOutput output) {
        throw new UnsupportedOperationException("pending");
    }

    /** Ends a running {@link #forward} from another thread. */
    public void cancel() {
        throw new UnsupportedOperationException("pending");
    }

    /** Forgets everything: length 0, memory given back. */
    public void reset() {
        throw new UnsupportedOperationException("pending");
    }

    /**
     * Copies one layer's keys and values out, as DJL's CausalLMOutput has them.
     *
     * @param layer from 0
     * @param keys address for (batch, kvHeads, length, headDim) float32
     * @param values address likewise
     */
    public void exportKv(int layer, long keys, long values) {
        throw new UnsupportedOperationException("pending");
    }

    /**
     * Copies one layer's keys and values in, after {@link #beginImport}.
     *
     * @param layer from 0
     * @param keys address of (batch, kvHeads, length, headDim) float32
     * @param values address likewise
     */
    public void importKv(int layer, long keys, long values) {
        throw new UnsupportedOperationException("pending");
    }

    /**
     * Forgets everything and takes slots for keys and values to be imported.
     *
     * @param slots the new length
     */
    public void beginImport(int slots) {
        throw new UnsupportedOperationException("pending");
    }

    /** Ends a running pass, waits for its end and gives the memory back. */
    @Override
    public void close() {
        throw new UnsupportedOperationException("pending");
    }
}
