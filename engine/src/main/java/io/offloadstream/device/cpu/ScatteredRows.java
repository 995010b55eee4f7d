/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.cpu;

import io.offloadstream.ops.KvView;
import io.offloadstream.ops.RowMap;
import io.offloadstream.ops.ScratchSize;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.Kernels;
import io.offloadstream.platform.WorkerPool;
import java.nio.LongBuffer;

/**
 * Rows that lie anywhere, converted into consecutive ones. Their addresses reach the kernel through
 * the workspace's table, as many at a time as it holds.
 */
final class ScatteredRows {

    private final Kernels kernels;
    private final WorkerPool pool;
    private final CpuWorkspace workspace;

    ScatteredRows(Kernels kernels, WorkerPool pool, CpuWorkspace workspace) {
        this.kernels = kernels;
        this.pool = pool;
        this.workspace = workspace;
    }

    /** Where each row starts. */
    @FunctionalInterface
    interface Address {
        long of(int row);
    }

    void gather(Address address, DType rowType, Tensor target) {
        LongBuffer table = workspace.rowAddresses();
        int width = target.columns();
        for (int first = 0; first < target.rows(); first += ScratchSize.ADDRESS_SLOTS) {
            int count = Math.min(ScratchSize.ADDRESS_SLOTS, target.rows() - first);
            for (int i = 0; i < count; i++) {
                table.put(i, address.of(first + i));
            }
            long y = row(target, first);
            pool.run(
                    count,
                    CpuOps.rowGrain(width),
                    (begin, end) ->
                            kernels.gather(
                                    workspace.rowAddressesAddress() + 8 * begin,
                                    (int) (end - begin),
                                    width,
                                    rowType.code(),
                                    y + 4 * begin * width));
        }
    }

    /** Keys and values of the rows of a cache: head by head. */
    void gatherHeads(KvView cache, RowMap rows, Tensor key, Tensor value) {
        int heads = cache.kvHeads();
        int width = cache.headDim();
        long headBytes = (long) cache.pageTokens() * width * cache.type().sizeBytes();
        LongBuffer targets = HostMemory.view(rows.targets(), 8 * rows.count()).asLongBuffer();
        Address keys =
                row ->
                        targets.get(row / heads)
                                + cache.layerOffsetBytes()
                                + row % heads * headBytes;
        gather(keys, cache.type(), byHead(key, heads, width));
        gather(
                row -> keys.of(row) + cache.valueOffsetBytes(),
                cache.type(),
                byHead(value, heads, width));
    }

    private static Tensor byHead(Tensor x, int heads, int width) {
        return new Tensor(DType.F32, x.address(), (long) x.rows() * heads, width);
    }

    /** Rows of a packed table: half of the table has the addresses, the other half the numbers. */
    void gatherPacked(long[] addresses, int[] numbers, long escapes, Tensor target) {
        LongBuffer table = workspace.rowAddresses();
        int most = ScratchSize.ADDRESS_SLOTS / 2;
        int width = target.columns();
        for (int first = 0; first < target.rows(); first += most) {
            int count = Math.min(most, target.rows() - first);
            for (int i = 0; i < count; i++) {
                table.put(i, addresses[first + i]);
                table.put(most + i, numbers[first + i]);
            }
            long y = row(target, first);
            pool.run(
                    count,
                    CpuOps.rowGrain(width),
                    (begin, end) ->
                            kernels.gatherPacked(
                                    workspace.rowAddressesAddress() + 8 * begin,
                                    workspace.rowAddressesAddress() + 8 * (most + begin),
                                    escapes,
                                    (int) (end - begin),
                                    width,
                                    y + 4 * begin * width));
        }
    }

    private static long row(Tensor x, int row) {
        return x.address() + 4L * row * x.columns();
    }
}
