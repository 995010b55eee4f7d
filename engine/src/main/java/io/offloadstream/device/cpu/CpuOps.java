/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.cpu;

import io.offloadstream.device.cpu.CpuProducts.Product;
import io.offloadstream.ops.AttentionSpec;
import io.offloadstream.ops.CheckedOps;
import io.offloadstream.ops.ComputeType;
import io.offloadstream.ops.KvView;
import io.offloadstream.ops.RopeTable;
import io.offloadstream.ops.RowMap;
import io.offloadstream.ops.ScratchRules;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.Activation;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.Kernels;
import io.offloadstream.platform.WorkerPool;

/**
 * Operators on the CPU: each splits its work into ranges for the pool and calls one kernel per
 * range. How the work is split never changes a result: kernels promise that.
 */
final class CpuOps extends CheckedOps {

    /**
     * Least work that is worth handing to another thread, in multiply-adds or elements: some 5
     * microseconds, a few times what the hand-over takes.
     */
    static final long GRAIN_WORK = 32 * 1024;

    private final Kernels kernels;
    private final WorkerPool pool;
    private final CpuWorkspace workspace;
    private final CpuProducts products;
    private final CpuAttention attention;
    private final ScatteredRows scattered;

    CpuOps(
            Kernels kernels,
            WorkerPool pool,
            CpuWorkspace workspace,
            ScratchRules rules,
            ComputeType computeType) {
        super(rules);
        this.kernels = kernels;
        this.pool = pool;
        this.workspace = workspace;
        this.products = new CpuProducts(kernels, pool, workspace, rules, computeType);
        this.attention = new CpuAttention(kernels, pool);
        this.scattered = new ScatteredRows(kernels, pool, workspace);
    }

    @Override
    protected Tensor allocate(DType type, long... shape) {
        return workspace.allocate(type, shape);
    }

    @Override
    protected void rmsNorm(Tensor x, Tensor weight, float eps, Tensor y) {
        int width = x.columns();
        pool.run(
                x.rows(),
                rowGrain(width),
                (begin, end) ->
                        kernels.rmsNorm(
                                row(x, begin),
                                (int) (end - begin),
                                width,
                                weight.address(),
                                weight.type().code(),
                                eps,
                                row(y, begin)));
    }

    @Override
    protected void layerNorm(Tensor x, Tensor weight, Tensor bias, float eps, Tensor y) {
        int width = x.columns();
        pool.run(
                x.rows(),
                rowGrain(width),
                (begin, end) ->
                        kernels.layerNorm(
                                row(x, begin),
                                (int) (end - begin),
                                width,
                                weight.address(),
                                CpuProducts.addressOf(bias),
                                weight.type().code(),
                                eps,
                                row(y, begin)));
    }

    @Override
    protected void linear(Tensor x, Tensor weight, Tensor bias, Tensor y) {
        products.linears(x, new Product(weight, bias, y, 0));
    }

    @Override
    protected void linears(Tensor x, Tensor[] weights, Tensor[] biases, Tensor[] y) {
        Product[] all = new Product[weights.length];
        for (int i = 0; i < weights.length; i++) {
            all[i] = new Product(weights[i], biases[i], y[i], 0);
        }
        products.linears(x, all);
    }

    @Override
    protected void gatedLinear(
            Activation activation, Tensor x, Gated weights, Tensor scratch, Tensor y) {
        Product gate = new Product(weights.gate(), weights.gateBias(), y, 0);
        Product up = new Product(weights.up(), weights.upBias(), scratch, 0);
        products.linears(x, gate, up);
        activateMultiply(activation, y, scratch, y);
    }

    @Override
    protected void linearInto(
            Tensor x, Tensor weight, Tensor output, int columnBegin, Tensor scratch) {
        products.linears(x, new Product(weight, null, output, columnBegin));
    }

    @Override
    protected void linearTransposed(Tensor x, Tensor weight, Tensor bias, Tensor y) {
        products.linearTransposed(x, weight, bias, y);
    }

    @Override
    protected void columns(Tensor x, int begin, Tensor y) {
        // float32 rows of a wider table: what gather takes apart
        long first = element(x, begin);
        long strideBytes = 4L * x.columns();
        scattered.gather(row -> first + row * strideBytes, DType.F32, y);
    }

    @Override
    protected void rotate(Tensor x, int headDim, RopeTable table) {
        int heads = x.columns() / headDim;
        pool.run(
                x.rows(),
                rowGrain(x.columns()),
                (begin, end) ->
                        kernels.rope(
                                row(x, begin),
                                (int) (end - begin),
                                heads,
                                headDim,
                                table.cos().columns(),
                                row(table.cos(), begin),
                                row(table.sin(), begin),
                                table.interleaved() ? 1 : 0));
    }

    @Override
    protected void store(Tensor key, Tensor value, KvView cache, RowMap rows, Tensor scratch) {
        pool.run(
                rows.count(),
                rowGrain(2L * key.columns()),
                (begin, end) -> {
                    int count = (int) (end - begin);
                    long targets = rows.targets() + 8 * begin;
                    long keys = cache.layerOffsetBytes();
                    store(row(key, begin), count, targets, keys, cache);
                    store(
                            row(value, begin),
                            count,
                            targets,
                            keys + cache.valueOffsetBytes(),
                            cache);
                });
    }

    private void store(long x, int rows, long targets, long offsetBytes, KvView cache) {
        kernels.storeKv(
                x,
                rows,
                cache.kvHeads(),
                cache.headDim(),
                targets,
                offsetBytes,
                (long) cache.pageTokens() * cache.headDim() * cache.type().sizeBytes(),
                cache.type().code());
    }

    @Override
    protected void attention(
            Tensor query, KvView cache, RowMap rows, AttentionSpec spec, Tensor scratch, Tensor y) {
        attention.attend(query, cache, rows, spec, y);
    }

    @Override
    protected void load(KvView cache, RowMap rows, Tensor key, Tensor value, Tensor scratch) {
        scattered.gatherHeads(cache, rows, key, value);
    }

    @Override
    protected void linearScaled(Tensor x, Tensor weight, Tensor scales, Tensor bias, Tensor y) {
        products.linearScaled(x, weight, scales, bias, y);
    }

    @Override
    protected void findTop(
            Tensor x, int columnBegin, Tensor values, Tensor places, Tensor scratch) {
        for (int row = 0; row < x.rows(); row++) {
            kernels.top(
                    row(x, row),
                    x.columns(),
                    columnBegin,
                    values.columns(),
                    row(values, row),
                    row(places, row));
        }
    }

    @Override
    protected void activate(Activation activation, Tensor x, Tensor y) {
        pool.run(
                x.count(),
                GRAIN_WORK,
                (begin, end) ->
                        kernels.activate(
                                activation.code(),
                                element(x, begin),
                                end - begin,
                                element(y, begin)));
    }

    @Override
    protected void activateMultiply(Activation activation, Tensor gate, Tensor up, Tensor y) {
        pool.run(
                gate.count(),
                GRAIN_WORK,
                (begin, end) ->
                        kernels.activateMultiply(
                                activation.code(),
                                element(gate, begin),
                                element(up, begin),
                                end - begin,
                                element(y, begin)));
    }

    @Override
    protected void add(Tensor target, Tensor x) {
        pool.run(
                target.count(),
                GRAIN_WORK,
                (begin, end) ->
                        kernels.add(element(target, begin), element(x, begin), end - begin));
    }

    @Override
    protected void takeIn(Tensor source, Tensor target) {
        columns(source, 0, target);
    }

    @Override
    protected void giveOut(Tensor x, Tensor output) {
        columns(x, 0, output);
    }

    @Override
    protected void copyRows(Tensor source, Tensor target) {
        columns(source, 0, target);
    }

    @Override
    protected void gatherRows(long[] addresses, DType rowType, Tensor target) {
        scattered.gather(row -> addresses[row], rowType, target);
    }

    @Override
    protected void gatherPackedRows(long[] addresses, int[] numbers, long escapes, Tensor target) {
        scattered.gatherPacked(addresses, numbers, escapes, target);
    }

    private static long row(Tensor x, long row) {
        return element(x, row * x.columns());
    }

    private static long element(Tensor x, long index) {
        return x.address() + 4 * index;
    }

    static long rowGrain(long width) {
        return Math.max(1, GRAIN_WORK / width);
    }
}
