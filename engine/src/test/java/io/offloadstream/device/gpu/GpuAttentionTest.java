/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import static org.testng.Assert.assertTrue;

import io.offloadstream.device.gpu.CacheFixture.Place;
import io.offloadstream.device.gpu.CacheFixture.Side;
import io.offloadstream.device.gpu.GpuFixture.Twin;
import io.offloadstream.ops.AttentionSpec;
import io.offloadstream.ops.Ops;
import io.offloadstream.ops.Phase;
import io.offloadstream.ops.RowMap;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/**
 * Attention of both phases against the CPU's over the same cached values, and its bits: whatever
 * rows are computed with a row, wherever the cache is.
 */
public class GpuAttentionTest {

    private static final long SEED = 815;
    private static final double TOLERANCE = 2e-5;

    private GpuFixture fixture;

    /** The device; a subclass has another. */
    GpuFixture openFixture() {
        return new GpuFixture();
    }

    @BeforeClass
    public void open() {
        fixture = openFixture();
    }

    @AfterClass(alwaysRun = true)
    public void close() {
        if (fixture != null) {
            fixture.close();
        }
    }

    /** A cache whose slots are stored on all three sides, and the shape of queries. */
    private record Case(CacheFixture cache, AttentionSpec spec, int headDim) {}

    private Case newCase(
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
        List<Place> places = cache.everyPlace();
        int most = 512;
        for (int begin = 0; begin < places.size(); begin += most) {
            List<Place> part = places.subList(begin, Math.min(places.size(), begin + most));
            long width = (long) kvHeads * headDim;
            Twin key = fixture.random(DType.F32, part.size(), width);
            Twin value = fixture.random(DType.F32, part.size(), width);
            Side cpu = cache.cpu;
            fixture.reference.storeKv(key.host(), value.host(), cpu.view(), cpu.rows(part));
            for (Side side : List.of(cache.device, cache.host)) {
                fixture.ops(Phase.PREFILL)
                        .storeKv(key.device(), value.device(), side.view(), side.rows(part));
            }
            fixture.reset();
        }
        return new Case(cache, new AttentionSpec(heads, 0.21f, window), headDim);
    }

    private float[] attend(Phase phase, Case test, Side side, List<Place> places, Tensor query) {
        Ops ops = fixture.ops(phase);
        float[] y = fixture.read(ops.attention(query, side.view(), side.rows(places), test.spec()));
        fixture.reset();
        return y;
    }

    private void assertLikeTheCpu(Phase phase, Case test, List<Place> places) {
        long width = (long) test.spec().heads() * test.headDim();
        Twin query = fixture.random(DType.F32, places.size(), width);
        RowMap rows = test.cache().cpu.rows(places);
        Tensor expected =
                fixture.reference.attention(
                        query.host(), test.cache().cpu.view(), rows, test.spec());
        float[] e = GpuFixture.values(expected);
        float[] a = attend(phase, test, test.cache().device, places, query.device());
        for (int i = 0; i < e.length; i++) {
            assertTrue(
                    Math.abs(a[i] - e[i]) <= TOLERANCE * Math.max(1, Math.abs(e[i])),
                    fixture.seed() + phase + ", element " + i + ": " + a[i] + " for " + e[i]);
        }
        fixture.assertSameBits(
                attend(phase, test, test.cache().host, places, query.device()),
                a,
                phase + " with the cache on the host");
    }

    /** Sequences, slots, query heads, key/value heads, width, window, masked, type of the cache. */
    @DataProvider
    public Object[][] shapes() {
        return new Object[][] {
            {1, 9, 3, 1, 12, 0, false, DType.F32},
            {2, 150, 6, 2, 64, 0, false, DType.F32},
            {3, 131, 6, 3, 20, 70, false, DType.BF16},
            {2, 200, 4, 1, 33, 0, true, DType.F16},
            {2, 260, 15, 5, 128, 100, true, DType.BF16},
            {1, 140, 10, 1, 256, 0, false, DType.F16},
            {1, 190, 24, 2, 72, 64, false, DType.F32},
        };
    }

    @Test(dataProvider = "shapes")
    public void manyRows(
            int sequences,
            int slots,
            int heads,
            int kvHeads,
            int headDim,
            int window,
            boolean masked,
            DType type) {
        Case test = newCase(sequences, slots, heads, kvHeads, headDim, window, masked, type);
        assertLikeTheCpu(Phase.PREFILL, test, test.cache().everyPlace());
    }

    @Test(dataProvider = "shapes")
    public void fewRows(
            int sequences,
            int slots,
            int heads,
            int kvHeads,
            int headDim,
            int window,
            boolean masked,
            DType type) {
        Case test = newCase(sequences, slots, heads, kvHeads, headDim, window, masked, type);
        List<Place> places = new ArrayList<>();
        for (int row = 0; row < 7; row++) {
            places.add(new Place(row % sequences, Math.max(0, slots - 1 - 29 * row)));
        }
        assertLikeTheCpu(Phase.DECODE, test, places);
        assertLikeTheCpu(Phase.DECODE, test, places.subList(1, 2));
    }

    /** More pages than splits, several tiles of a cache on the host, the last one partial. */
    @DataProvider
    public Object[][] contexts() {
        return new Object[][] {{0, DType.F16}, {2500, DType.F32}};
    }

    @Test(dataProvider = "contexts")
    public void longContext(int window, DType type) {
        Case test = newCase(1, 5000, 6, 2, 128, window, false, type);
        List<Place> few = List.of(new Place(0, 4999), new Place(0, 4096), new Place(0, 63));
        assertLikeTheCpu(Phase.DECODE, test, few);
        List<Place> many = new ArrayList<>();
        for (int slot = 4975; slot < 5000; slot++) {
            many.add(new Place(0, slot));
        }
        assertLikeTheCpu(Phase.PREFILL, test, many);
    }

    /**
     * Rows of three sequences in any order, cut anywhere: each row has the bits that it has alone.
     */
    @Test
    public void aRowsBitsDoNotDependOnItsNeighbours() {
        Case test = newCase(3, 171, 6, 2, 40, 0, true, DType.F16);
        List<Place> places = new ArrayList<>();
        for (int row = 0; row < 61; row++) {
            places.add(new Place(fixture.random().nextInt(3), fixture.random().nextInt(171)));
        }
        Tensor query = fixture.random(DType.F32, 61, 6 * 40).device();
        float[] all = attend(Phase.PREFILL, test, test.cache().device, places, query);
        for (int row = 0; row < 61; row++) {
            assertRow(Phase.PREFILL, test, places, query, all, row);
        }
        for (int begin : new int[] {0, 1, 17, 40}) {
            List<Place> part = places.subList(begin, 61);
            fixture.assertSameBits(
                    attend(Phase.PREFILL, test, test.cache().device, part, query.rows(begin, 61)),
                    Arrays.copyOfRange(all, begin * 240, 61 * 240),
                    "rows from " + begin);
        }
        float[] few =
                attend(
                        Phase.DECODE,
                        test,
                        test.cache().device,
                        places.subList(0, 8),
                        query.rows(0, 8));
        for (int row = 0; row < 8; row++) {
            assertRow(Phase.DECODE, test, places, query, few, row);
        }
    }

    private void assertRow(
            Phase phase, Case test, List<Place> places, Tensor query, float[] all, int row) {
        fixture.assertSameBits(
                attend(
                        phase,
                        test,
                        test.cache().device,
                        places.subList(row, row + 1),
                        query.rows(row, row + 1)),
                Arrays.copyOfRange(all, row * 240, (row + 1) * 240),
                phase + ", row " + row);
    }
}
