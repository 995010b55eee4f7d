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
public abstract class CheckedOps implements Ops {

    private final ScratchRules rules;

    /**
     * Constructs operators.
     *
     * @param rules what they take beside their results
     */
    protected CheckedOps(ScratchRules rules) {
        this.rules = rules;
    }

    /**
     * Takes scratch memory until the block ends.
     *
     * @param type element type
     * @param shape dimensions, outermost first
     * @return contents undefined
     */
    protected abstract Tensor allocate(DType type, long... shape);

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
    public final Tensor linear(Tensor x, Tensor weight, Tensor bias) {
        ShapeCheck.linear("linear", x, weight, bias, false);
        Tensor y = allocate(DType.F32, x.rows(), weight.rows());
        linear(x, weight, bias, y);
        return y;
    }

    /**
     * Computes {@link Ops#linear}.
     *
     * @param x (rows, in)
     * @param weight (out, in)
     * @param bias (out), or null
     * @param y (rows, out)
     */
    protected abstract void linear(Tensor x, Tensor weight, Tensor bias, Tensor y);

    @Override
    public final Tensor[] linears(Tensor x, Tensor[] weights, Tensor[] biases) {
        Tensor[] results = new Tensor[weights.length];
        for (int i = 0; i < weights.length; i++) {
            ShapeCheck.linear("linears", x, weights[i], biases[i], false);
            results[i] = allocate(DType.F32, x.rows(), weights[i].rows());
        }
        linears(x, weights, biases, results);
        return results;
    }

    /**
     * Computes {@link Ops#linears}, one after another unless the backend knows better.
     *
     * @param x (rows, in)
     * @param weights (out, in) each
     * @param biases (out) each, or null in its place
     * @param y (rows, out) of each
     */
    protected void linears(Tensor x, Tensor[] weights, Tensor[] biases, Tensor[] y) {
        for (int i = 0; i < weights.length; i++) {
            linear(x, weights[i], biases[i], y[i]);
        }
    }

    @Override
    public final void linearAdd(Tensor target, Tensor x, Tensor weight, Tensor bias) {
        ShapeCheck.linear("linearAdd", x, weight, bias, false);
        ShapeCheck.result("linearAdd", target, x.rows(), weight.rows());
        linearAdd(x, weight, bias, like(target), target);
    }

    /**
     * Computes {@link Ops#linearAdd}, in two steps unless the backend knows better.
     *
     * @param x (rows, in)
     * @param weight (out, in)
     * @param bias (out), or null
     * @param scratch (rows, out) for the product
     * @param target (rows, out), becomes target + product
     */
    protected void linearAdd(Tensor x, Tensor weight, Tensor bias, Tensor scratch, Tensor target) {
        linear(x, weight, bias, scratch);
        add(target, scratch);
    }

    @Override
    public final Tensor gatedLinear(
            Activation activation,
            Tensor x,
            Tensor gate,
            Tensor gateBias,
            Tensor up,
            Tensor upBias) {
        ShapeCheck.linear("gatedLinear", x, gate, gateBias, false);
        ShapeCheck.linear("gatedLinear", x, up, upBias, false);
        ShapeCheck.result(
                "gatedLinear",
                new Tensor(DType.F32, 0, x.rows(), gate.rows()),
                x.rows(),
                up.rows());
        Tensor raised = allocate(DType.F32, x.rows(), up.rows());
        Tensor y = allocate(DType.F32, x.rows(), gate.rows());
        gatedLinear(activation, x, new Gated(gate, gateBias, up, upBias), raised, y);
        return y;
    }

    /**
     * The weights of {@link Ops#gatedLinear}.
     *
     * @param gate (out, in)
     * @param gateBias (out), or null
     * @param up (out, in)
     * @param upBias (out), or null
     */
    protected record Gated(Tensor gate, Tensor gateBias, Tensor up, Tensor upBias) {}

    /**
     * Computes {@link Ops#gatedLinear}, in three steps unless the backend knows better.
     *
     * @param activation which
     * @param x (rows, in)
     * @param weights both projections
     * @param scratch (rows, out) for the second one
     * @param y (rows, out)
     */
    protected void gatedLinear(
            Activation activation, Tensor x, Gated weights, Tensor scratch, Tensor y) {
        linear(x, weights.gate(), weights.gateBias(), y);
        linear(x, weights.up(), weights.upBias(), scratch);
        activateMultiply(activation, y, scratch, y);
    }

    @Override
    public final Tensor linearScaled(Tensor x, Tensor weight, Tensor scales, Tensor bias) {
        ShapeCheck.linearScaled("linearScaled", x, weight, scales, bias);
        Tensor y = allocate(DType.F32, x.rows(), weight.rows());
        linearScaled(x, weight, scales, bias, y);
        return y;
    }

    /**
     * Computes {@link Ops#linearScaled}.
     *
     * @param x (rows, in)
     * @param weight (out, in) F8_E4M3
     * @param scales (ceil(out / 128), ceil(in / 128)) F32
     * @param bias (out), or null
     * @param y (rows, out)
     */
    protected abstract void linearScaled(
            Tensor x, Tensor weight, Tensor scales, Tensor bias, Tensor y);

    @Override
    public final void linearInto(Tensor x, Tensor weight, Tensor output, int columnBegin) {
        ShapeCheck.linear("linearInto", x, weight, null, false);
        ShapeCheck.tile("linearInto", x, weight, output, columnBegin);
        linearInto(
                x,
                weight,
                output,
                columnBegin,
                scratch(rules.outputBytes(x.rows(), weight.rows())));
    }

    /**
     * Computes {@link Ops#linearInto}.
     *
     * @param x (rows, in)
     * @param weight (out, in)
     * @param output (rows, width) in host memory, of which columns columnBegin to columnBegin + out
     *     are written
     * @param columnBegin where the first output goes
     * @param scratch what {@link ScratchRules#outputBytes} asked for, or null
     */
    protected abstract void linearInto(
            Tensor x, Tensor weight, Tensor output, int columnBegin, Tensor scratch);

    @Override
    public final Tensor linearTransposed(Tensor x, Tensor weight, Tensor bias) {
        ShapeCheck.linear("linearTransposed", x, weight, bias, true);
        Tensor y = allocate(DType.F32, x.rows(), weight.columns());
        linearTransposed(x, weight, bias, y);
        return y;
    }

    /**
     * Computes {@link Ops#linearTransposed}.
     *
     * @param x (rows, in)
     * @param weight (in, out)
     * @param bias (out), or null
     * @param y (rows, out)
     */
    protected abstract void linearTransposed(Tensor x, Tensor weight, Tensor bias, Tensor y);

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
        store(key, value, cache, rows, scratch(rules.cacheBytes(rows.count(), cache)));
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
    public final Tensor attention(Tensor query, KvView cache, RowMap rows, AttentionSpec spec) {
        ShapeCheck.cached("attention", query, cache, rows, spec.heads());
        ShapeCheck.heads("attention", spec, cache);
        Tensor y = like(query);
        Tensor scratch = scratch(rules.attentionBytes(query.rows(), spec, cache));
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
        load(cache, rows, key, value, scratch(rules.cacheBytes(rows.count(), cache)));
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

    /**
     * Computes {@link Ops#activateMultiply}.
     *
     * @param activation which
     * @param gate (rows, width)
     * @param up (rows, width)
     * @param y (rows, width)
     */
    protected abstract void activateMultiply(
            Activation activation, Tensor gate, Tensor up, Tensor y);

    @Override
    public final void addInPlace(Tensor target, Tensor x) {
        ShapeCheck.same("addInPlace", target, x);
        add(target, x);
    }

    /**
     * Computes {@link Ops#addInPlace}.
     *
     * @param target (rows, width), becomes target + x
     * @param x (rows, width)
     */
    protected abstract void add(Tensor target, Tensor x);

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
        long sizeBytes = rules.topBytes(x.rows(), x.columns(), values.columns());
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

    /** Bytes of scratch memory, null for none. */
    private Tensor scratch(long sizeBytes) {
        return sizeBytes == 0 ? null : allocate(DType.U8, sizeBytes);
    }

    private Tensor like(Tensor x) {
        return allocate(DType.F32, x.rows(), x.columns());
    }
}
