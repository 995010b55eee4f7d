/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.device.gpu.CacheFixture.Place;
import io.offloadstream.device.gpu.CacheFixture.Side;
import io.offloadstream.device.gpu.GpuFixture.Twin;
import io.offloadstream.ops.AttentionSpec;
import io.offloadstream.ops.MeasuringOps;
import io.offloadstream.ops.Phase;
import io.offloadstream.ops.RowMap;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.DType;
import java.util.List;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** {@code attention=host}: what the device stored on the host, the CPU attends to with its bits. */
public class HostAttentionTest {

    private static final long SEED = 816;
    private static final int THREADS = 3;
    private static final long ATTENTION_BYTES = 4 << 20;

    private GpuFixture fixture;

    /** The device; a subclass has another. */
    GpuFixture openFixture(int threads, long attentionBytes) {
        return new GpuFixture(GpuFixture.openDevice(), threads, attentionBytes);
    }

    @BeforeClass
    public void open() {
        fixture = openFixture(THREADS, ATTENTION_BYTES);
    }

    @AfterClass(alwaysRun = true)
    public void close() {
        if (fixture != null) {
            fixture.close();
        }
    }

    /** Sequences, slots, query heads, key/value heads, width, window, masked, type of the cache. */
    @DataProvider
    public Object[][] shapes() {
        return new Object[][] {
            {1, 9, 3, 1, 12, 0, false, DType.F32},
            {3, 131, 6, 3, 20, 70, false, DType.BF16},
            {2, 150, 4, 1, 33, 0, true, DType.F16},
            {2, 110, 15, 5, 128, 100, true, DType.F32},
        };
    }

    @Test(dataProvider = "shapes")
    public void givesTheBitsOfTheCpu(
            int sequences,
            int slots,
            int heads,
            int kvHeads,
            int headDim,
            int window,
            boolean masked,
            DType type) {
        fixture.begin(SEED);
        CacheFixture cache =
                new CacheFixture(fixture, sequences, slots, kvHeads, headDim, type, masked);
        AttentionSpec spec = new AttentionSpec(heads, 0.21f, window);
        List<Place> places = cache.everyPlace();
        long width = (long) kvHeads * headDim;
        Twin key = fixture.random(DType.F32, places.size(), width);
        Twin value = fixture.random(DType.F32, places.size(), width);
        RowMap reference = cache.cpu.rows(places);
        fixture.reference.storeKv(key.host(), value.host(), cache.cpu.view(), reference);
        for (Side side : List.of(cache.device, cache.host)) {
            fixture.ops(Phase.PREFILL)
                    .storeKv(key.device(), value.device(), side.view(), side.rows(places));
        }
        Twin query = fixture.random(DType.F32, places.size(), (long) heads * headDim);
        float[] expected =
                GpuFixture.values(
                        fixture.reference.attention(
                                query.host(), cache.cpu.view(), reference, spec));
        assertBits(Phase.PREFILL, cache.host, places, query.device(), spec, expected);
        // again at once: a result on its way up must not be written over
        assertBits(Phase.DECODE, cache.host, places, query.device(), spec, expected);
        int cut = places.size() / 2;
        float[] first = new float[cut * heads * headDim];
        System.arraycopy(expected, 0, first, 0, first.length);
        Tensor some = query.device().rows(0, cut);
        assertBits(Phase.PREFILL, cache.host, places.subList(0, cut), some, spec, first);
    }

    private void assertBits(
            Phase phase,
            Side side,
            List<Place> places,
            Tensor query,
            AttentionSpec spec,
            float[] expected) {
        Tensor y = fixture.ops(phase).attention(query, side.view(), side.rows(places), spec);
        fixture.assertSameBits(fixture.read(y), expected, phase + ", " + places.size() + " rows");
    }

    @Test
    public void resultsOfCallsThatFollowEachOtherDoNotMeet() {
        fixture.begin(SEED);
        CacheFixture cache = new CacheFixture(fixture, 1, 67, 2, 24, DType.F32, false);
        AttentionSpec spec = new AttentionSpec(6, 0.3f, 0);
        List<Place> places = cache.everyPlace();
        Twin key = fixture.random(DType.F32, 67, 48);
        Side side = cache.host;
        RowMap rows = side.rows(places);
        fixture.ops(Phase.PREFILL).storeKv(key.device(), key.device(), side.view(), rows);
        Twin one = fixture.random(DType.F32, 67, 144);
        Twin other = fixture.random(DType.F32, 67, 144);
        Tensor first = fixture.ops(Phase.PREFILL).attention(one.device(), side.view(), rows, spec);
        Tensor second =
                fixture.ops(Phase.PREFILL).attention(other.device(), side.view(), rows, spec);
        float[] together = fixture.read(first);
        Tensor alone = fixture.ops(Phase.PREFILL).attention(one.device(), side.view(), rows, spec);
        fixture.assertSameBits(fixture.read(alone), together, "the first");
        assertTrue(together[150] != fixture.read(second)[150], "queries differ");
    }

    @Test
    public void memoryIsMeasuredAndTooLittleIsABug() {
        CacheFixture cache = new CacheFixture(fixture, 1, 70, 2, 24, DType.F32, false);
        AttentionSpec spec = new AttentionSpec(6, 0.3f, 0);
        MeasuringOps measuring = new MeasuringOps(fixture.backend.scratchRules());
        List<Place> places = cache.everyPlace();
        Tensor query = new Tensor(DType.F32, 0, 70, 144);
        measuring.attention(query, cache.device.view(), new RowMap(70, 0, 0, 0), spec);
        assertEquals(measuring.peakHostBytes(), 0, "the device attends to its own");
        measuring.reset();
        measuring.attention(query, cache.host.view(), new RowMap(70, 0, 0, 0), spec);
        assertEquals(measuring.peakHostBytes(), 2 * 70 * 144 * 4);
        try (GpuFixture small = openFixture(1, measuring.peakHostBytes() - 1)) {
            IllegalStateException e =
                    expectThrows(
                            IllegalStateException.class,
                            () ->
                                    small.ops(Phase.PREFILL)
                                            .attention(
                                                    query,
                                                    cache.host.view(),
                                                    cache.host.rows(places),
                                                    spec));
            assertTrue(e.getMessage().contains("80640 bytes"), e.getMessage());
        }
    }
}
