/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import static org.testng.Assert.assertTrue;

import io.offloadstream.device.gpu.CacheFixture.Place;
import io.offloadstream.ops.AttentionSpec;
import io.offloadstream.ops.KvView;
import io.offloadstream.ops.Ops;
import io.offloadstream.ops.Phase;
import io.offloadstream.ops.RopeTable;
import io.offloadstream.ops.RowMap;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.Activation;
import io.offloadstream.platform.DType;
import java.util.List;
import org.testng.SkipException;
import org.testng.annotations.Test;

/** How many kernels a block launches, for each costs a card some microseconds. */
public class CudaLaunchesTest {

    private static final long SEED = 77;
    private static final int HIDDEN = 120;
    private static final int MLP = 200;
    private static final int HEADS = 6;
    private static final int KV_HEADS = 2;
    private static final int HEAD_DIM = 28;

    /**
     * Norm; q, k and v; rotation and cache; attention and the sum of its parts; o with the
     * residual; norm; gate and up with the activation; down with the residual.
     */
    private static final int MOST_LAUNCHES = 9;

    private GpuFixture fixture;

    @Test
    public void aTokenTakesNineLaunchesInABlockOfLlama() {
        try (CudaCard either = new CudaCard();
                GpuFixture opened = new GpuFixture(either.open())) {
            FakeCard card =
                    either.fake().orElseThrow(() -> new SkipException("a card counts nothing"));
            fixture = opened;
            fixture.begin(SEED);
            CacheFixture cache =
                    new CacheFixture(fixture, 1, 200, KV_HEADS, HEAD_DIM, DType.F16, false);
            RowMap rows = cache.device.rows(List.of(new Place(0, 150)));
            Runnable block = block(cache.device.view(), rows);
            block.run();
            long before = card.get("cuLaunchKernel");
            block.run();
            long launches = card.get("cuLaunchKernel") - before;
            assertTrue(launches > 0 && launches <= MOST_LAUNCHES, launches + " launches");
        }
    }

    /** The operators of {@code LlamaBlock}, its weights in bfloat16, for one row. */
    private Runnable block(KvView cache, RowMap rows) {
        Ops ops = fixture.ops(Phase.DECODE);
        Tensor hidden = random(DType.F32, 1, HIDDEN);
        Tensor norm = weight(HIDDEN);
        Tensor[] projections = {
            weight(HEADS * HEAD_DIM, HIDDEN),
            weight(KV_HEADS * HEAD_DIM, HIDDEN),
            weight(KV_HEADS * HEAD_DIM, HIDDEN)
        };
        Tensor o = weight(HIDDEN, HEADS * HEAD_DIM);
        Tensor gate = weight(MLP, HIDDEN);
        Tensor up = weight(MLP, HIDDEN);
        Tensor down = weight(HIDDEN, MLP);
        Tensor cos = random(DType.F32, 1, HEAD_DIM / 2);
        RopeTable rope = new RopeTable(cos, random(DType.F32, 1, HEAD_DIM / 2), false);
        AttentionSpec spec = new AttentionSpec(HEADS, 0.2f, 0);
        return () -> {
            Tensor x = ops.rmsNorm(hidden, norm, 1e-5f);
            Tensor[] projected = ops.linears(x, projections, new Tensor[3]);
            Tensor query = projected[0];
            ops.ropeAndStoreKv(query, projected[1], projected[2], rope, cache, rows);
            ops.linearAdd(hidden, ops.attention(query, cache, rows, spec), o, null);
            Tensor y = ops.rmsNorm(hidden, norm, 1e-5f);
            Tensor product = ops.gatedLinear(Activation.SILU, y, gate, null, up, null);
            ops.linearAdd(hidden, product, down, null);
        };
    }

    private Tensor weight(long... shape) {
        return random(DType.BF16, shape);
    }

    private Tensor random(DType type, long... shape) {
        return fixture.random(type, shape).device();
    }
}
