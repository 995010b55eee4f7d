/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import io.offloadstream.ops.AttentionSpec;
import io.offloadstream.ops.CheckedOps;
import io.offloadstream.ops.KvPlacement;
import io.offloadstream.ops.KvView;
import io.offloadstream.ops.RopeTable;
import io.offloadstream.ops.RowMap;
import io.offloadstream.ops.ScratchRules;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.Activation;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.gpu.GpuKernel;

/**
 * Operators on a device: each enqueues its kernels in the compute stream and returns. Addresses of
 * tensors are the device's, but for what {@link io.offloadstream.ops.Ops} says is in host memory.
 */
final class GpuOps extends CheckedOps {

    private final GpuWorkspace workspace;
    private final KernelSet kernels;
    private final DeviceStream stream;
    private final GpuLinear products;
    private final GpuAttention attention;
    private final HostAttention hostAttention;
    private final CacheRows cacheRows;
    private final RowGathering gathering;
    private final GpuTop top;

    /**
     * Constructs operators.
     *
     * @param hostAttention attends to a cache on the host, or null: the device does
     */
    GpuOps(
            GpuWorkspace workspace,
            ScratchRules rules,
            DeviceStream stream,
            GpuLinear products,
            GpuAttention attention,
            HostAttention hostAttention) {
        super(rules);
        this.workspace = workspace;
        this.kernels = workspace.kernels();
        this.stream = stream;
        this.products = products;
        this.attention = attention;
        this.hostAttention = hostAttention;
        this.cacheRows = new CacheRows(kernels, stream);
        this.gathering = new RowGathering(kernels, stream, workspace.staging());
        this.top = new GpuTop(kernels, stream);
    }

    @Override
    protected Tensor allocate(DType type, long... shape) {
        return workspace.allocate(type, shape);
    }

    @Override
    protected void rmsNorm(Tensor x, Tensor weight, float eps, Tensor y) {
        kernels.get("norm", "rms_norm")
                .buffer(x.address())
                .buffer(weight.address())
                .buffer(y.address())
                .int32(x.columns())
                .int32(weight.type().code())
                .float32(eps)
                .launch(stream, x.rows(), 1, 1, KernelSet.THREADS);
    }

    @Override
    protected void layerNorm(Tensor x, Tensor weight, Tensor bias, float eps, Tensor y) {
        kernels.get("norm", "layer_norm")
                .buffer(x.address())
                .buffer(weight.address())
                .buffer(bias == null ? 0 : bias.address())
                .buffer(y.address())
                .int32(x.columns())
                .int32(weight.type().code())
                .float32(eps)
                .launch(stream, x.rows(), 1, 1, KernelSet.THREADS);
    }

    @Override
    protected void linear(Tensor x, Tensor weight, Tensor bias, Tensor y) {
        products.linear(x, weight, bias, y);
    }

    @Override
    protected void linears(Tensor x, Tensor[] weights, Tensor[] biases, Tensor[] y) {
        products.linears(x, weights, biases, y);
    }

    @Override
    protected void linearAdd(Tensor x, Tensor weight, Tensor bias, Tensor scratch, Tensor target) {
        products.linearAdd(x, weight, bias, scratch, target);
    }

    @Override
    protected void gatedLinear(
            Activation activation, Tensor x, Gated weights, Tensor scratch, Tensor y) {
        products.gatedLinear(
                activation,
                x,
                weights.gate(),
                weights.gateBias(),
                weights.up(),
                weights.upBias(),
                scratch,
                y);
    }

    @Override
    protected void linearScaled(Tensor x, Tensor weight, Tensor scales, Tensor bias, Tensor y) {
        products.linearScaled(x, weight, scales, bias, y);
    }

    @Override
    protected void linearInto(
            Tensor x, Tensor weight, Tensor output, int columnBegin, Tensor scratch) {
        Tensor product = new Tensor(DType.F32, scratch.address(), x.rows(), weight.rows());
        products.linear(x, weight, null, product);
        stream.download(
                product.address(),
                output.address() + 4L * columnBegin,
                4L * output.columns(),
                4L * product.columns(),
                product.rows());
    }

    @Override
    protected void linearTransposed(Tensor x, Tensor weight, Tensor bias, Tensor y) {
        products.linearTransposed(x, weight, bias, y);
    }

    @Override
    protected void columns(Tensor x, int begin, Tensor y) {
        kernels.get("rows", "take_columns")
                .buffer(x.address())
                .buffer(y.address())
                .int64(y.count())
                .int32(x.columns())
                .int32(begin)
                .int32(y.columns())
                .launch(stream, KernelSet.groups(y.count()), 1, 1, KernelSet.THREADS);
    }

    @Override
    protected void rotate(Tensor x, int headDim, RopeTable table) {
        int heads = x.columns() / headDim;
        int halfDim = table.cos().columns();
        long pairs = (long) x.rows() * heads * halfDim;
        kernels.get("rope", "rotate_pairs")
                .buffer(x.address())
                .buffer(table.cos().address())
                .buffer(table.sin().address())
                .int64(pairs)
                .int32(heads)
                .int32(headDim)
                .int32(halfDim)
                .int32(table.interleaved() ? 1 : 0)
                .launch(stream, KernelSet.groups(pairs), 1, 1, KernelSet.THREADS);
    }

    @Override
    protected void store(Tensor key, Tensor value, KvView cache, RowMap rows, Tensor scratch) {
        cacheRows.store(key, value, cache, rows, scratch);
    }

    /** Rows for the host are packed first, so there the steps stay apart. */
    @Override
    protected void rotateAndStore(
            Tensor query,
            Tensor key,
            Tensor value,
            RopeTable table,
            KvView cache,
            RowMap rows,
            Tensor scratch) {
        if (cache.placement() == KvPlacement.DEVICE) {
            cacheRows.rotateAndStore(query, key, value, table, cache, rows);
        } else {
            super.rotateAndStore(query, key, value, table, cache, rows, scratch);
        }
    }

    @Override
    protected void attention(
            Tensor query, KvView cache, RowMap rows, AttentionSpec spec, Tensor scratch, Tensor y) {
        if (hostAttention != null && cache.placement() == KvPlacement.HOST) {
            hostAttention.attend(query, cache, rows, spec, y);
        } else {
            attention.attend(query, cache, rows, spec, scratch, y);
        }
    }

    @Override
    protected void load(KvView cache, RowMap rows, Tensor key, Tensor value, Tensor scratch) {
        cacheRows.load(cache, rows, key, value, scratch);
    }

    @Override
    protected void findTop(
            Tensor x, int columnBegin, Tensor values, Tensor places, Tensor scratch) {
        top.find(x, columnBegin, values, places, scratch);
    }

    @Override
    protected void activate(Activation activation, Tensor x, Tensor y) {
        GpuKernel kernel =
                kernels.get("elementwise", "activate").buffer(x.address()).buffer(y.address());
        launch(kernel.int64(x.count()).int32(activation.code()), x.count());
    }

    @Override
    protected void activateMultiply(Activation activation, Tensor gate, Tensor up, Tensor y) {
        GpuKernel kernel =
                kernels.get("elementwise", "activate_multiply")
                        .buffer(gate.address())
                        .buffer(up.address())
                        .buffer(y.address());
        launch(kernel.int64(gate.count()).int32(activation.code()), gate.count());
    }

    @Override
    protected void add(Tensor target, Tensor x) {
        GpuKernel kernel =
                kernels.get("elementwise", "add").buffer(target.address()).buffer(x.address());
        launch(kernel.int64(x.count()), x.count());
    }

    private void launch(GpuKernel kernel, long elements) {
        kernel.launch(stream, KernelSet.groups(elements), 1, 1, KernelSet.THREADS);
    }

    @Override
    protected void takeIn(Tensor source, Tensor target) {
        stream.upload(source.address(), target.address(), source.sizeBytes());
    }

    @Override
    protected void giveOut(Tensor x, Tensor output) {
        long rowBytes = 4L * x.columns();
        stream.download(x.address(), output.address(), rowBytes, rowBytes, x.rows());
    }

    @Override
    protected void copyRows(Tensor source, Tensor target) {
        stream.copy(source.address(), target.address(), source.sizeBytes());
    }

    @Override
    protected void gatherRows(long[] addresses, DType rowType, Tensor target) {
        gathering.gather(addresses, rowType, target);
    }

    @Override
    protected void gatherPackedRows(long[] addresses, int[] numbers, long escapes, Tensor target) {
        gathering.gatherPacked(addresses, numbers, escapes, target);
    }
}
