/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import io.offloadstream.ops.KvPlacement;
import io.offloadstream.ops.KvView;
import io.offloadstream.ops.RopeTable;
import io.offloadstream.ops.RowMap;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.DeviceStream;
import java.nio.LongBuffer;

/**
 * Writes keys and values into the cache and reads them back. Where the cache is on the host, rows
 * that lie one behind another there make a run, which is packed in scratch memory as it lies in the
 * cache (keys, then values: heads, rows, headDim) and copied head by head: nothing but what
 * changed.
 */
final class CacheRows {

    private static final int KEYS_AND_VALUES = 2;

    private final KernelSet kernels;
    private final DeviceStream stream;

    CacheRows(KernelSet kernels, DeviceStream stream) {
        this.kernels = kernels;
        this.stream = stream;
    }

    /** Rows [begin, begin + count) that follow each other in the cache. */
    private record Run(int begin, int count, long hostTarget) {}

    void store(Tensor key, Tensor value, KvView cache, RowMap rows, Tensor scratch) {
        if (cache.placement() == KvPlacement.DEVICE) {
            launch("store_kv", key, value, inPlace(cache, rows), cache, rows.count());
            return;
        }
        long packed = scratch.address();
        for (int begin = 0; begin < rows.count(); ) {
            Run run = run(cache, rows, begin);
            begin += run.count();
            if (run.hostTarget() > 0) {
                Layout layout = packed(packed, cache, run.count());
                launch("store_kv", rows(key, run), rows(value, run), layout, cache, run.count());
                giveOut(layout, cache, run);
                packed += layout.sizeBytes();
            }
        }
    }

    /** Rotates queries in place, and keys on their way into a cache on the device. */
    void rotateAndStore(
            Tensor query, Tensor key, Tensor value, RopeTable table, KvView cache, RowMap rows) {
        int heads = query.columns() / cache.headDim();
        int halfDim = table.cos().columns();
        int keyItems = cache.kvHeads() * (cache.headDim() - halfDim);
        long items = (long) heads * halfDim + keyItems + value.columns();
        Layout layout = inPlace(cache, rows);
        kernels.get("kv", "rotate_and_store")
                .buffer(query.address())
                .buffer(key.address())
                .buffer(value.address())
                .buffer(table.cos().address())
                .buffer(table.sin().address())
                .buffer(layout.base())
                .buffer(layout.targets())
                .int32(heads)
                .int32(cache.kvHeads())
                .int32(cache.headDim())
                .int32(halfDim)
                .int32(table.interleaved() ? 1 : 0)
                .int32(cache.type().code())
                .int64(layout.layerBytes())
                .int64(layout.valueBytes())
                .int64(layout.headStrideBytes())
                .launch(stream, rows.count(), KernelSet.groups(items), 1, KernelSet.THREADS);
    }

    void load(KvView cache, RowMap rows, Tensor key, Tensor value, Tensor scratch) {
        if (cache.placement() == KvPlacement.DEVICE) {
            launch("load_kv", key, value, inPlace(cache, rows), cache, rows.count());
            return;
        }
        long packed = scratch.address();
        for (int begin = 0; begin < rows.count(); ) {
            Run run = run(cache, rows, begin);
            begin += run.count();
            if (run.hostTarget() > 0) {
                Layout layout = packed(packed, cache, run.count());
                takeIn(layout, cache, run);
                launch("load_kv", rows(key, run), rows(value, run), layout, cache, run.count());
                packed += layout.sizeBytes();
            }
        }
    }

    private static Tensor rows(Tensor x, Run run) {
        return x.rows(run.begin(), run.begin() + run.count());
    }

    /** The longest run from a row on. A row that is to be skipped is one. */
    private static Run run(KvView cache, RowMap rows, int begin) {
        LongBuffer targets = rows.host().targets();
        long first = targets.get(begin);
        long rowBytes = GpuScratch.headBytes(cache);
        int count = 1;
        while (first > 0
                && count < cache.pageTokens()
                && begin + count < rows.count()
                && targets.get(begin + count) == first + count * rowBytes) {
            count++;
        }
        return new Run(begin, count, first);
    }

    /** Where the kernels find rows: see {@code kv.cl}. */
    private record Layout(
            long base, long targets, long layerBytes, long valueBytes, long headStrideBytes) {

        /** Of packed rows. */
        long sizeBytes() {
            return KEYS_AND_VALUES * valueBytes;
        }
    }

    private static Layout inPlace(KvView cache, RowMap rows) {
        return new Layout(
                cache.base(),
                rows.targets(),
                cache.layerOffsetBytes(),
                cache.valueOffsetBytes(),
                cache.pageTokens() * GpuScratch.headBytes(cache));
    }

    private static Layout packed(long base, KvView cache, int rows) {
        long headStride = rows * GpuScratch.headBytes(cache);
        return new Layout(base, 0, 0, cache.kvHeads() * headStride, headStride);
    }

    private void launch(
            String kernel, Tensor key, Tensor value, Layout layout, KvView cache, int rows) {
        kernels.get("kv", kernel)
                .buffer(key.address())
                .buffer(value.address())
                .buffer(layout.base())
                .buffer(layout.targets())
                .int32(cache.kvHeads())
                .int32(cache.headDim())
                .int32(cache.type().code())
                .int64(layout.layerBytes())
                .int64(layout.valueBytes())
                .int64(layout.headStrideBytes())
                .launch(stream, rows, KEYS_AND_VALUES, 1, KernelSet.THREADS);
    }

    private void giveOut(Layout layout, KvView cache, Run run) {
        long headStride = cache.pageTokens() * GpuScratch.headBytes(cache);
        long keys = run.hostTarget() + cache.layerOffsetBytes();
        long rowBytes = layout.headStrideBytes();
        stream.download(layout.base(), keys, headStride, rowBytes, cache.kvHeads());
        stream.download(
                layout.base() + layout.valueBytes(),
                keys + cache.valueOffsetBytes(),
                headStride,
                rowBytes,
                cache.kvHeads());
    }

    private void takeIn(Layout layout, KvView cache, Run run) {
        long headStride = cache.pageTokens() * GpuScratch.headBytes(cache);
        long keys = run.hostTarget() + cache.layerOffsetBytes();
        long rowBytes = layout.headStrideBytes();
        for (int head = 0; head < cache.kvHeads(); head++) {
            long packed = layout.base() + head * rowBytes;
            long source = keys + head * headStride;
            stream.upload(source, packed, rowBytes);
            stream.upload(
                    source + cache.valueOffsetBytes(), packed + layout.valueBytes(), rowBytes);
        }
    }
}
