/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.ops;

import io.offloadstream.platform.Activation;
import io.offloadstream.platform.DType;

/**
 * What all operators have in common whatever computes: shapes are checked, results are allocated.
 * Because the allocations are made here, {@link MeasuringOps} sees exactly those of a real run.
 *
 * <p>A subclass gives {@link #allocate} and, for each operator, the form that is told where its
 * result goes. Those are called with shapes that fit. A shape that does not fit is an {@link
 * IllegalArgumentException} that names the operator and both shapes: a bug of the architecture,
 * since weights are checked when the checkpoint is opened.
 */
public abstract class CheckedOps extends CheckedProducts {

    /**
     * Constructs operators.
     *
     * @param rules what they take beside their results
     */
    protected CheckedOps(ScratchRules rules) {
        super(rules);
    }

    @Override
    public final Tensor rmsNorm(Tensor x, Tensor weight, float eps) {
        ShapeCheck.norm("rmsNorm", x, weight, null);
        Tensor y = like(x);
        rmsNorm(x, weight, eps, y);
        return y;
    }

    /**
     * Computes {@link Ops#rmsNorm}.
     *
     * @param x (rows, width)
     * @param weight (width)
     * @param eps added to the mean of squares
     * @param y (rows, width)
     */
    protected abstract void rmsNorm(Tensor x, Tensor weight, float eps, Tensor y);

    @Override
    public final Tensor layerNorm(Tensor x, Tensor weight, Tensor bias, float eps) {
        ShapeCheck.norm("layerNorm", x, weight, bias);
        Tensor y = like(x);
        layerNorm(x, weight, bias, eps, y);
        return y;
    }

    /**
     * Computes {@link Ops#layerNorm}.
     *
     * @param x (rows, width)
     * @param weight (width)
     * @param bias (width) of the weight's type, or null
     * @param eps added to the variance
     * @param y (rows, width)
     */
    protected abstract void layerNorm(Tensor x, Tensor weight, Tensor bias, float eps, Tensor y);

    @Override
    public final Tensor columns(Tensor x, int begin, int end) {
        ShapeCheck.columns("columns", x, begin, end);
        Tensor y = allocate(DType.F32, x.rows(), end - begin);
        columns(x, begin, y);
        return y;
    }

    /**
     * Computes {@link Ops#columns}.
     *
     * @param x (rows, width)
     * @param begin first column
     * @param y (rows, count of columns)
     */
    protected abstract void columns(Tensor x, int begin, Tensor y);

    @Override
    public final Tensor rope(Tensor x, int headDim, RopeTable table) {
        ShapeCheck.rope("rope", x, headDim, table);
        rotate(x, headDim, table);
        return x;
    }

    /**
     * Computes {@link Ops#rope}.
     *
     * @param x (rows, heads * headDim), changed in place
     * @param headDim values in a head
     * @param table rotations of these rows
     */
    protected abstract void rotate(Tensor x, int headDim, RopeTable table);

    @Override
    public final void storeKv(Tensor key, Tensor value, KvView cache, RowMap rows) {
        ShapeCheck.cached("storeKv", key, cache, rows, cache.kvHeads());
        ShapeCheck.same("storeKv", key, value);
        store(key, value, cache, rows, scratch(rules().cacheBytes(rows.count(), cache)));
    }

    /**
     * Computes {@link Ops#storeKv}.
     *
     * @param key (rows, kvHeads * headDim)
     * @param value (rows, kvHeads * headDim)
     * @param cache the layer's cache
     * @param rows where the rows go
     * @param scratch what {@link ScratchRules#cacheBytes} asked for, or null
     */
    protected abstract void store(
            Tensor key, Tensor value, KvView cache, RowMap rows, Tensor scratch);

    @Override
    public final void ropeAndStoreKv(
            Tensor query, Tensor key, Tensor value, RopeTable table, KvView cache, RowMap rows) {
        ShapeCheck.rope("ropeAndStoreKv", query, cache.headDim(), table);
        ShapeCheck.rope("ropeAndStoreKv", key, cache.headDim(), table);
        ShapeCheck.cached("ropeAndStoreKv", key, cache, rows, cache.kvHeads());
        ShapeCheck.same("ropeAndStoreKv", key, value);
        Tensor scratch = scratch(rules().cacheBytes(rows.count(), cache));
        rotateAndStore(query, key, value, table, cache, rows, scratch);
    }

    /**
     * Computes {@link Ops#ropeAndStoreKv}: one step after another, unless overridden.
     *
     * @param query (rows, heads * headDim), changed in place
     * @param key (rows, kvHeads * headDim), may be changed
     * @param value (rows, kvHeads * headDim)
     * @param table rotations of these rows
     * @param cache the layer's cache
     * @param rows where the rows go
     * @param scratch what {@link ScratchRules#cacheBytes} asked for, or null
     */
    protected void rotateAndStore(
            Tensor query,
            Tensor key,
            Tensor value,
            RopeTable table,
            KvView cache,
            RowMap rows,
            Tensor scratch) {
        rotate(query, cache.headDim(), table);
        rotate(key, cache.headDim(), table);
        store(key, value, cache, rows, scratch);
    }

    @Override
    public final Tensor attention(Tensor query, KvView cache, RowMap rows, AttentionSpec spec) {
        ShapeCheck.cached("attention", query, cache, rows, spec.heads());
        ShapeCheck.heads("attention", spec, cache);
        Tensor y = like(query);
        Tensor scratch = scratch(rules().attentionBytes(query.rows(), spec, cache));
        attention(query, cache, rows, spec, scratch, y);
        return y;
    }

    /**
     * Computes {@link Ops#attention}.
     *
     * @param query (rows, heads * headDim)
     * @param cache the layer's cache, these rows stored
     * @param rows which sequence and slot each row has
     * @param spec heads, scale, window
     * @param scratch what {@link ScratchRules#attentionBytes} asked for, or null
     * @param y (rows, heads * headDim)
     */
    protected abstract void attention(
            Tensor query, KvView cache, RowMap rows, AttentionSpec spec, Tensor scratch, Tensor y);

    @Override
    public final void loadKv(KvView cache, RowMap rows, Tensor key, Tensor value) {
        ShapeCheck.cached("loadKv", key, cache, rows, cache.kvHeads());
        ShapeCheck.same("loadKv", key, value);
        load(cache, rows, key, value, scratch(rules().cacheBytes(rows.count(), cache)));
    }

    /**
     * Computes {@link Ops#loadKv}.
     *
     * @param cache the layer's cache
     * @param rows where the rows are
     * @param key (rows, kvHeads * headDim)
     * @param value (rows, kvHeads * headDim)
     * @param scratch what {@link ScratchRules#cacheBytes} asked for, or null
     */
    protected abstract void load(
            KvView cache, RowMap rows, Tensor key, Tensor value, Tensor scratch);

    @Override
    public final Tensor activate(Activation activation, Tensor x) {
        ShapeCheck.activation("activate", x);
        Tensor y = like(x);
        activate(activation, x, y);
        return y;
    }

    /**
     * Computes {@link Ops#activate}.
     *
     * @param activation which
     * @param x (rows, width)
     * @param y (rows, width)
     */
    protected abstract void activate(Activation activation, Tensor x, Tensor y);

    @Override
    public final Tensor activateMultiply(Activation activation, Tensor gate, Tensor up) {
        ShapeCheck.same("activateMultiply", gate, up);
        Tensor y = like(gate);
        activateMultiply(activation, gate, up, y);
        return y;
    }

    @Override
    public final void addInPlace(Tensor target, Tensor x) {
        ShapeCheck.same("addInPlace", target, x);
        add(target, x);
    }

    @Override
    public final void copy(Tensor source, Tensor target) {
        ShapeCheck.same("copy", source, target);
        copyRows(source, target);
    }

    /**
     * Computes {@link Ops#copy}.
     *
     * @param source (rows, width)
     * @param target (rows, width), overwritten
     */
    protected abstract void copyRows(Tensor source, Tensor target);

    @Override
    public final void top(Tensor x, int columnBegin, Tensor values, Tensor places) {
        ShapeCheck.top("top", x, values, places);
        long sizeBytes = rules().topBytes(x.rows(), x.columns(), values.columns());
        findTop(x, columnBegin, values, places, scratch(sizeBytes));
    }

    /**
     * Computes {@link Ops#top}.
     *
     * @param x (rows, width)
     * @param columnBegin added to places
     * @param values (rows, count) F32 in host memory
     * @param places (rows, count) I32 in host memory
     * @param scratch what {@link ScratchRules#topBytes} asked for, or null
     */
    protected abstract void findTop(
            Tensor x, int columnBegin, Tensor values, Tensor places, Tensor scratch);

    @Override
    public final void input(Tensor source, Tensor target) {
        ShapeCheck.same("input", source, target);
        takeIn(source, target);
    }

    /**
     * Computes {@link Ops#input}.
     *
     * @param source (rows, width) in host memory
     * @param target (rows, width), overwritten
     */
    protected abstract void takeIn(Tensor source, Tensor target);

    @Override
    public final void output(Tensor x, Tensor output) {
        ShapeCheck.same("output", x, output);
        giveOut(x, output);
    }

    /**
     * Computes {@link Ops#output}.
     *
     * @param x (rows, width)
     * @param output (rows, width) in host memory, overwritten
     */
    protected abstract void giveOut(Tensor x, Tensor output);

    @Override
    public final void gather(long[] addresses, DType rowType, Tensor target) {
        ShapeCheck.gather("gather", addresses.length, rowType, target);
        gatherRows(addresses, rowType, target);
    }

    /**
     * Computes {@link Ops#gather}.
     *
     * @param addresses where each row starts
     * @param rowType type of the rows
     * @param target (addresses.length, width), overwritten
     */
    protected abstract void gatherRows(long[] addresses, DType rowType, Tensor target);

    @Override
    public final void gatherPacked(long[] addresses, int[] numbers, long escapes, Tensor target) {
        ShapeCheck.gatherPacked("gatherPacked", addresses.length, numbers.length, target);
        gatherPackedRows(addresses, numbers, escapes, target);
    }

    /**
     * Computes {@link Ops#gatherPacked}.
     *
     * @param addresses where each row starts
     * @param numbers which row of the table each is
     * @param escapes of the table
     * @param target (addresses.length, width), overwritten
     */
    protected abstract void gatherPackedRows(
            long[] addresses, int[] numbers, long escapes, Tensor target);
}
