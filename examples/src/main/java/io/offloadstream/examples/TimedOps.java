/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import io.offloadstream.ops.AttentionSpec;
import io.offloadstream.ops.KvView;
import io.offloadstream.ops.Ops;
import io.offloadstream.ops.RopeTable;
import io.offloadstream.ops.RowMap;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.Activation;
import io.offloadstream.platform.DType;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/**
 * Operators that add up the time of products with weights. What others do in one step with a
 * product is a step of its own here, so that its time is not the product's: the sum to the residual
 * and the activation. The latter takes a tensor more than the operator itself: memory that was
 * measured for passes of many rows has room for it in those of one.
 */
final class TimedOps implements Ops {

    private final Ops ops;
    private final AtomicLong nanos;

    /**
     * Wraps operators.
     *
     * @param ops that have computed when they return
     * @param nanos what the time of products is added to
     */
    TimedOps(Ops ops, AtomicLong nanos) {
        this.ops = ops;
        this.nanos = nanos;
    }

    private <T> T product(Supplier<T> work) {
        long begin = System.nanoTime();
        T result = work.get();
        nanos.addAndGet(System.nanoTime() - begin);
        return result;
    }

    @Override
    public Tensor linear(Tensor x, Tensor weight, Tensor bias) {
        return product(() -> ops.linear(x, weight, bias));
    }

    @Override
    public Tensor[] linears(Tensor x, Tensor[] weights, Tensor[] biases) {
        return product(() -> ops.linears(x, weights, biases));
    }

    @Override
    public void linearAdd(Tensor target, Tensor x, Tensor weight, Tensor bias) {
        ops.addInPlace(target, linear(x, weight, bias));
    }

    @Override
    public Tensor gatedLinear(
            Activation activation,
            Tensor x,
            Tensor gate,
            Tensor gateBias,
            Tensor up,
            Tensor upBias) {
        // at once, as the operator does it: x is rounded once where products take it rounded
        Tensor[] products = linears(x, new Tensor[] {gate, up}, new Tensor[] {gateBias, upBias});
        return ops.activateMultiply(activation, products[0], products[1]);
    }

    @Override
    public Tensor linearScaled(Tensor x, Tensor weight, Tensor scales, Tensor bias) {
        return product(() -> ops.linearScaled(x, weight, scales, bias));
    }

    @Override
    public void linearInto(Tensor x, Tensor weight, Tensor output, int columnBegin) {
        product(
                () -> {
                    ops.linearInto(x, weight, output, columnBegin);
                    return output;
                });
    }

    @Override
    public Tensor linearTransposed(Tensor x, Tensor weight, Tensor bias) {
        return product(() -> ops.linearTransposed(x, weight, bias));
    }

    @Override
    public Tensor rmsNorm(Tensor x, Tensor weight, float eps) {
        return ops.rmsNorm(x, weight, eps);
    }

    @Override
    public Tensor layerNorm(Tensor x, Tensor weight, Tensor bias, float eps) {
        return ops.layerNorm(x, weight, bias, eps);
    }

    @Override
    public Tensor columns(Tensor x, int begin, int end) {
        return ops.columns(x, begin, end);
    }

    @Override
    public Tensor rope(Tensor x, int headDim, RopeTable table) {
        return ops.rope(x, headDim, table);
    }

    @Override
    public void storeKv(Tensor key, Tensor value, KvView cache, RowMap rows) {
        ops.storeKv(key, value, cache, rows);
    }

    @Override
    public void ropeAndStoreKv(
            Tensor query, Tensor key, Tensor value, RopeTable table, KvView cache, RowMap rows) {
        ops.ropeAndStoreKv(query, key, value, table, cache, rows);
    }

    @Override
    public Tensor attention(Tensor query, KvView cache, RowMap rows, AttentionSpec spec) {
        return ops.attention(query, cache, rows, spec);
    }

    @Override
    public void loadKv(KvView cache, RowMap rows, Tensor key, Tensor value) {
        ops.loadKv(cache, rows, key, value);
    }

    @Override
    public Tensor activate(Activation activation, Tensor x) {
        return ops.activate(activation, x);
    }

    @Override
    public Tensor activateMultiply(Activation activation, Tensor gate, Tensor up) {
        return ops.activateMultiply(activation, gate, up);
    }

    @Override
    public void addInPlace(Tensor target, Tensor x) {
        ops.addInPlace(target, x);
    }

    @Override
    public void copy(Tensor source, Tensor target) {
        ops.copy(source, target);
    }

    @Override
    public void top(Tensor x, int columnBegin, Tensor values, Tensor places) {
        ops.top(x, columnBegin, values, places);
    }

    @Override
    public void input(Tensor source, Tensor target) {
        ops.input(source, target);
    }

    @Override
    public void output(Tensor x, Tensor output) {
        ops.output(x, output);
    }

    @Override
    public void gather(long[] addresses, DType rowType, Tensor target) {
        ops.gather(addresses, rowType, target);
    }

    @Override
    public void gatherPacked(long[] addresses, int[] numbers, long escapes, Tensor target) {
        ops.gatherPacked(addresses, numbers, escapes, target);
    }
}
