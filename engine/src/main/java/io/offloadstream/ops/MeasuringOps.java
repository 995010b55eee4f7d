/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.ops;

import io.offloadstream.platform.Activation;
import io.offloadstream.platform.DType;

/**
 * Operators that compute nothing: they give results of the right shape at address 0 and add up the
 * scratch memory that a real run would take from its workspace. Running a block once on these tells
 * the planner its exact need, whatever the architecture.
 *
 * <p>Call {@link #reset} where a real run resets its workspace.
 */
public final class MeasuringOps extends CheckedOps {

    private long usedBytes = ScratchSize.FIXED_BYTES;
    private long peakBytes = ScratchSize.FIXED_BYTES;
    private long peakHostBytes;

    /**
     * Constructs operators that have used nothing yet.
     *
     * @param rules of the backend that will run
     */
    public MeasuringOps(ScratchRules rules) {
        super(rules);
    }

    /**
     * Returns the most scratch memory that was in use at one time.
     *
     * @return bytes, for {@code Backend.newWorkspace}
     */
    public long peakBytes() {
        return peakBytes;
    }

    /**
     * Returns the most pinned host memory that was in use at one time.
     *
     * @return bytes, for {@code Backend.newWorkspace}
     */
    public long peakHostBytes() {
        return peakHostBytes;
    }

    /** Marks the end of a block, where a real run gives its scratch memory back. */
    public void reset() {
        usedBytes = ScratchSize.FIXED_BYTES;
    }

    /**
     * Counts memory that is taken from the workspace outside the operators.
     *
     * @param type element type
     * @param shape dimensions, outermost first
     * @return a tensor of this shape at address 0
     */
    @Override
    public Tensor allocate(DType type, long... shape) {
        usedBytes = Math.addExact(usedBytes, ScratchSize.of(type, shape));
        peakBytes = Math.max(peakBytes, usedBytes);
        return new Tensor(type, 0, shape);
    }

    private void countActivations(Tensor x) {
        scratch(rules().activationBytes(x.rows(), x.columns()));
    }

    @Override
    protected void rmsNorm(Tensor x, Tensor weight, float eps, Tensor y) {
        // shapes only
    }

    @Override
    protected void layerNorm(Tensor x, Tensor weight, Tensor bias, float eps, Tensor y) {
        // shapes only
    }

    @Override
    protected void linear(Tensor x, Tensor weight, Tensor bias, Tensor y) {
        countActivations(x);
    }

    @Override
    protected void linears(Tensor x, Tensor[] weights, Tensor[] biases, Tensor[] y) {
        countActivations(x);
    }

    @Override
    protected void gatedLinear(
            Activation activation, Tensor x, Gated weights, Tensor scratch, Tensor y) {
        countActivations(x);
    }

    @Override
    protected void linearScaled(Tensor x, Tensor weight, Tensor scales, Tensor bias, Tensor y) {
        // shapes only
    }

    @Override
    protected void linearInto(
            Tensor x, Tensor weight, Tensor output, int columnBegin, Tensor scratch) {
        countActivations(x);
    }

    @Override
    protected void linearTransposed(Tensor x, Tensor weight, Tensor bias, Tensor y) {
        countActivations(x);
    }

    @Override
    protected void columns(Tensor x, int begin, Tensor y) {
        // shapes only
    }

    @Override
    protected void rotate(Tensor x, int headDim, RopeTable table) {
        // shapes only
    }

    @Override
    protected void store(Tensor key, Tensor value, KvView cache, RowMap rows, Tensor scratch) {
        // shapes only
    }

    @Override
    protected void attention(
            Tensor query, KvView cache, RowMap rows, AttentionSpec spec, Tensor scratch, Tensor y) {
        long hostBytes = rules().attentionHostBytes(query.rows(), spec, cache);
        peakHostBytes = Math.max(peakHostBytes, hostBytes);
    }

    @Override
    protected void load(KvView cache, RowMap rows, Tensor key, Tensor value, Tensor scratch) {
        // shapes only
    }

    @Override
    protected void findTop(
            Tensor x, int columnBegin, Tensor values, Tensor places, Tensor scratch) {
        // shapes only
    }

    @Override
    protected void takeIn(Tensor source, Tensor target) {
        // shapes only
    }

    @Override
    protected void giveOut(Tensor x, Tensor output) {
        // shapes only
    }

    @Override
    protected void activate(Activation activation, Tensor x, Tensor y) {
        // shapes only
    }

    @Override
    protected void activateMultiply(Activation activation, Tensor gate, Tensor up, Tensor y) {
        // shapes only
    }

    @Override
    protected void add(Tensor target, Tensor x) {
        // shapes only
    }

    @Override
    protected void copyRows(Tensor source, Tensor target) {
        // shapes only
    }

    @Override
    protected void gatherRows(long[] addresses, DType rowType, Tensor target) {
        // shapes only
    }

    @Override
    protected void gatherPackedRows(long[] addresses, int[] numbers, long escapes, Tensor target) {
        // shapes only
    }
}
