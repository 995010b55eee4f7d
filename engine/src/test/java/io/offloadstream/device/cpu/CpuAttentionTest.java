/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.cpu;

import static io.offloadstream.device.cpu.TestTensors.values;
import static org.testng.Assert.assertEquals;

import io.offloadstream.device.Workspace;
import io.offloadstream.ops.AttentionSpec;
import io.offloadstream.ops.KvPlacement;
import io.offloadstream.ops.KvView;
import io.offloadstream.ops.Ops;
import io.offloadstream.ops.Phase;
import io.offloadstream.ops.RowMap;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.HostMemory;
import java.nio.ByteBuffer;
import java.util.Random;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/**
 * Keys and values stored through the operators and attended to, against softmax attention in plain
 * Java: two sequences, several pages, grouped heads, windows, masks.
 */
public class CpuAttentionTest {

    private static final long SEED = 4711;
    private static final int LAYERS = 3;
    private static final int LAYER = 1;
    private static final int SEQUENCES = 2;
    private static final int PAGE_TOKENS = 8;
    private static final int SLOTS = 21;
    private static final int MAX_PAGES = 3;

    /** Query heads, key/value heads, width, window, masked, type of the cache, tolerance. */
    @DataProvider
    public Object[][] shapes() {
        return new Object[][] {
            {6, 2, 12, 0, false, DType.F32, 1e-5},
            {6, 3, 20, 5, false, DType.F32, 1e-5},
            {4, 1, 32, 0, true, DType.F32, 1e-5},
            {15, 5, 36, 9, true, DType.F32, 1e-5},
            {6, 2, 12, 0, false, DType.F16, 5e-3},
            {6, 2, 12, 7, true, DType.BF16, 4e-2},
        };
    }

    @Test(dataProvider = "shapes")
    public void attentionOverThePagedCache(
            int heads,
            int kvHeads,
            int headDim,
            int window,
            boolean masked,
            DType type,
            double tolerance) {
        try (TestTensors tensors = new TestTensors(SEED);
                CpuBackend backend = new CpuBackend(3);
                Workspace workspace =
                        backend.newWorkspace(tensors.budget(), tensors.budget(), 0, 4 << 20)) {
            Ops ops = backend.ops(workspace, Phase.DECODE);
            byte[] mask = mask(masked);
            KvView cache = cache(tensors, kvHeads, headDim, type, masked ? mask : null);
            RowMap rows = rows(tensors, cache);
            Tensor query = tensors.random(DType.F32, rows.count(), (long) heads * headDim);
            Tensor key = tensors.random(DType.F32, rows.count(), (long) kvHeads * headDim);
            Tensor value = tensors.random(DType.F32, rows.count(), (long) kvHeads * headDim);
            AttentionSpec spec = new AttentionSpec(heads, 0.3f, window);

            ops.storeKv(key, value, cache, rows);
            Tensor y = ops.attention(query, cache, rows, spec);

            double[] expected =
                    attend(values(query), values(key), values(value), spec, cache, mask);
            float[] actual = values(y);
            assertEquals(actual.length, expected.length);
            for (int i = 0; i < actual.length; i++) {
                assertEquals(actual[i], expected[i], tolerance, "seed " + SEED + ", element " + i);
            }
        }
    }

    /** Rows are all slots of the first sequence, then all of the second. */
    private static double[] attend(
            float[] q, float[] k, float[] v, AttentionSpec spec, KvView cache, byte[] mask) {
        int headDim = cache.headDim();
        int heads = spec.heads();
        double[] y = new double[q.length];
        for (int item = 0; item < y.length / headDim; item++) {
            int row = item / heads;
            int slot = row % SLOTS;
            int kvHead = item % heads / (heads / cache.kvHeads());
            int first = spec.window() == 0 ? 0 : Math.max(0, slot - spec.window() + 1);
            double sum = 0;
            double[] weights = new double[slot + 1];
            for (int s = first; s <= slot; s++) {
                int other = row - slot + s;
                double score = 0;
                for (int i = 0; i < headDim; i++) {
                    score += q[item * headDim + i] * kv(k, other, kvHead, i, cache);
                }
                weights[s] = mask[other] == 0 ? 0 : Math.exp(score * spec.scale());
                sum += weights[s];
            }
            for (int s = first; s <= slot && sum > 0; s++) {
                for (int i = 0; i < headDim; i++) {
                    double value = kv(v, row - slot + s, kvHead, i, cache);
                    y[item * headDim + i] += weights[s] / sum * value;
                }
            }
        }
        return y;
    }

    private static double kv(float[] values, int row, int kvHead, int i, KvView cache) {
        return values[(row * cache.kvHeads() + kvHead) * cache.headDim() + i];
    }

    /** Every third slot or so does not count, the first ones of a sequence among them. */
    private static byte[] mask(boolean masked) {
        Random random = new Random(SEED);
        byte[] mask = new byte[SEQUENCES * SLOTS];
        for (int i = 0; i < mask.length; i++) {
            boolean hidden = masked && (i % SLOTS < 2 || random.nextInt(3) == 0);
            mask[i] = (byte) (hidden ? 0 : 1);
        }
        return mask;
    }

    private static KvView cache(
            TestTensors tensors, int kvHeads, int headDim, DType type, byte[] mask) {
        long valueOffset = (long) kvHeads * PAGE_TOKENS * headDim * type.sizeBytes();
        HostMemory table = tensors.memory(8L * SEQUENCES * MAX_PAGES);
        for (int i = 0; i < SEQUENCES * MAX_PAGES; i++) {
            long page = tensors.memory(2 * LAYERS * valueOffset).address();
            table.buffer(8L * i, 8).putLong(0, page);
        }
        long maskAddress = 0;
        if (mask != null) {
            HostMemory memory = tensors.memory(mask.length);
            memory.buffer(0, mask.length).put(mask);
            maskAddress = memory.address();
        }
        return new KvView(
                0,
                KvPlacement.DEVICE,
                table.address(),
                MAX_PAGES,
                2 * LAYER * valueOffset,
                valueOffset,
                PAGE_TOKENS,
                kvHeads,
                headDim,
                type,
                maskAddress,
                SLOTS);
    }

    private static RowMap rows(TestTensors tensors, KvView cache) {
        int count = SEQUENCES * SLOTS;
        ByteBuffer pages = HostMemory.view(cache.pages(), 8 * SEQUENCES * MAX_PAGES);
        HostMemory memory = tensors.memory(16L * count);
        ByteBuffer map = memory.buffer(0, 16 * count);
        for (int row = 0; row < count; row++) {
            int sequence = row / SLOTS;
            int slot = row % SLOTS;
            long page = pages.getLong(8 * (sequence * MAX_PAGES + slot / PAGE_TOKENS));
            long inPage = (long) slot % PAGE_TOKENS * cache.headDim() * cache.type().sizeBytes();
            map.putLong(8 * row, page + inPage);
            map.putInt(8 * count + 4 * row, sequence);
            map.putInt(12 * count + 4 * row, slot);
        }
        long at = memory.address();
        return new RowMap(count, at + 8L * count, at + 12L * count, at);
    }
}
