/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.stream.StreamStats;
import java.nio.file.Path;

/**
 * A model directory opened under a memory budget: configuration, plan, weight stream, backend.
 * Opens without reading weights. Thread-safe; sessions of one model take turns pass by pass.
 */
public final class StreamedModel implements AutoCloseable {

    private StreamedModel() {}

    /**
     * Opens a model directory.
     *
     * @param directory as the Hugging Face hub publishes it: config.json and safetensors
     * @param options budgets and settings
     * @return the model, for the caller to close
     * @throws io.offloadstream.checkpoint.CheckpointException if the directory is damaged,
     *     incomplete or of an architecture that is not known
     * @throws io.offloadstream.platform.BudgetExceededException if the budget is too small; the
     *     message has the least that works
     */
    public static StreamedModel open(Path directory, ModelOptions options) {
        throw new UnsupportedOperationException("pending");
    }

    /**
     * Opens a session.
     *
     * @param batch number of sequences, at most {@code maxBatch}
     * @return the session, for the caller to close; closing the model closes it too
     */
    public Session newSession(int batch) {
        throw new UnsupportedOperationException("pending");
    }

    /**
     * Returns the decoder.
     *
     * @return what config.json made
     */
    public Decoder decoder() {
        throw new UnsupportedOperationException("pending");
    }

    /**
     * Returns the configuration.
     *
     * @return the parsed config.json
     */
    public ModelConfig config() {
        throw new UnsupportedOperationException("pending");
    }

    /**
     * Returns the model directory.
     *
     * @return as given
     */
    public Path directory() {
        throw new UnsupportedOperationException("pending");
    }

    /**
     * Returns the longest sequence that a session may have.
     *
     * @return tokens
     */
    public int maxSequenceLength() {
        throw new UnsupportedOperationException("pending");
    }

    /**
     * Returns the residency plan.
     *
     * @return what stays and what streams
     */
    public ResidencyPlan plan() {
        throw new UnsupportedOperationException("pending");
    }

    /**
     * Returns what has happened so far.
     *
     * @return a consistent copy
     */
    public StreamStats stats() {
        throw new UnsupportedOperationException("pending");
    }

    /**
     * Returns the accountant: NDArrays of this model are charged to it too.
     *
     * @return the budget
     */
    public MemoryBudget budget() {
        throw new UnsupportedOperationException("pending");
    }

    /** Ends running passes, closes sessions and files, frees the memory. */
    @Override
    public void close() {
        throw new UnsupportedOperationException("pending");
    }
}
