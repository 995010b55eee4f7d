/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import static org.testng.Assert.assertEquals;

import io.offloadstream.device.gpu.CacheFixture.Place;
import io.offloadstream.device.gpu.CacheFixture.Side;
import io.offloadstream.device.gpu.GpuFixture.Twin;
import io.offloadstream.ops.HostRows;
import io.offloadstream.ops.KvView;
import io.offloadstream.ops.Ops;
import io.offloadstream.ops.Phase;
import io.offloadstream.ops.RopeTable;
import io.offloadstream.ops.RowMap;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.HostMemory;
import java.nio.LongBuffer;
import java.util.List;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** Keys and values stored and loaded back, in both placements, against the CPU's cache. */
public class CacheRowsTest {

    private static final long SEED = 5;
    private static final int KV_HEADS = 3;
    private static final int HEAD_DIM = 20;
    private static final int WIDTH = KV_HEADS * HEAD_DIM;

    private GpuFixture fixture;
    private Ops ops;

    /** The device; a subclass has another. */
    GpuFixture openFixture() {
        return new GpuFixture();
    }

    @BeforeClass
    public void open() {
        fixture = openFixture();
        ops = fixture.ops(Phase.PREFILL);
    }

    @AfterClass(alwaysRun = true)
    public void close() {
        if (fixture != null) {
            fixture.close();
        }
    }

    @DataProvider
    public Object[][] types() {
        return new Object[][] {{DType.F32}, {DType.F16}, {DType.BF16}};
    }

    @Test(dataProvider = "types")
    public void whatIsLoadedIsWhatTheCpuHasStored(DType type) {
        fixture.begin(SEED);
        CacheFixture cache = new CacheFixture(fixture, 2, 137, KV_HEADS, HEAD_DIM, type, false);
        List<Place> places = cache.everyPlace();
        Twin key = fixture.random(DType.F32, places.size(), WIDTH);
        Twin value = fixture.random(DType.F32, places.size(), WIDTH);
        fixture.reference.storeKv(
                key.host(), value.host(), cache.cpu.view(), cache.cpu.rows(places));
        Tensor keys = fixture.hostTensor(DType.F32, places.size(), WIDTH);
        Tensor values = fixture.hostTensor(DType.F32, places.size(), WIDTH);
        fixture.reference.loadKv(cache.cpu.view(), cache.cpu.rows(places), keys, values);
        for (Side side : List.of(cache.device, cache.host)) {
            ops.storeKv(key.device(), value.device(), side.view(), side.rows(places));
            Tensor loadedKeys = fixture.workspace.allocate(DType.F32, places.size(), WIDTH);
            Tensor loadedValues = fixture.workspace.allocate(DType.F32, places.size(), WIDTH);
            ops.loadKv(side.view(), side.rows(places), loadedKeys, loadedValues);
            String where = side.view().placement() + " " + type;
            fixture.assertSameBits(
                    fixture.read(loadedKeys), GpuFixture.values(keys), "keys, " + where);
            fixture.assertSameBits(
                    fixture.read(loadedValues), GpuFixture.values(values), "values, " + where);
        }
    }

    /**
     * Two slots of a page are stored; all other bytes of the cache on the host stay as they are.
     */
    @Test
    public void aStoreToTheHostWritesItsRowsAlone() {
        fixture.begin(SEED);
        CacheFixture cache =
                new CacheFixture(fixture, 1, 64, KV_HEADS, HEAD_DIM, DType.BF16, false);
        KvView view = cache.host.view();
        long page = view.hostPages().get(0);
        int pageBytes = (int) (6 * view.valueOffsetBytes());
        HostMemory.view(page, pageBytes).put(new byte[pageBytes]);
        List<Place> places = List.of(new Place(0, 40), new Place(0, 41));
        Twin key = fixture.random(DType.F32, 2, WIDTH);
        Twin value = fixture.random(DType.F32, 2, WIDTH);
        ops.storeKv(key.device(), value.device(), view, cache.host.rows(places));
        fixture.backend.computeStream().synchronize();
        long headStride = 64L * HEAD_DIM * 2;
        for (int i = 0; i < pageBytes; i++) {
            long inLayer = i - view.layerOffsetBytes();
            boolean isThisLayer = inLayer >= 0 && inLayer < 2 * view.valueOffsetBytes();
            long slot = Math.floorMod(inLayer, headStride) / (HEAD_DIM * 2);
            if (!isThisLayer || (slot != 40 && slot != 41)) {
                assertEquals(HostMemory.view(page + i, 1).get(0), 0, "byte " + i);
            }
        }
    }

    /** A row without a target is skipped, the others are not. */
    @Test
    public void aRowWithoutTargetIsSkipped() {
        fixture.begin(SEED);
        CacheFixture cache = new CacheFixture(fixture, 1, 64, KV_HEADS, HEAD_DIM, DType.F32, false);
        List<Place> places = List.of(new Place(0, 3), new Place(0, 4), new Place(0, 5));
        Twin key = fixture.random(DType.F32, 3, WIDTH);
        Twin other = fixture.random(DType.F32, 3, WIDTH);
        for (Side side : List.of(cache.device, cache.host)) {
            RowMap rows = side.rows(places);
            ops.storeKv(key.device(), key.device(), side.view(), rows);
            ops.storeKv(other.device(), other.device(), side.view(), withoutSecond(rows));
            Tensor keys = fixture.workspace.allocate(DType.F32, 3, WIDTH);
            Tensor values = fixture.workspace.allocate(DType.F32, 3, WIDTH);
            ops.loadKv(side.view(), rows, keys, values);
            float[] expected = GpuFixture.values(other.host());
            System.arraycopy(GpuFixture.values(key.host()), WIDTH, expected, WIDTH, WIDTH);
            fixture.assertSameBits(fixture.read(keys), expected, "keys " + side.view().placement());
            fixture.assertSameBits(
                    fixture.read(values), expected, "values " + side.view().placement());
        }
    }

    @DataProvider
    public Object[][] rotations() {
        return new Object[][] {
            {DType.F32, 10, false},
            {DType.F16, 10, true},
            {DType.BF16, 7, false},
            {DType.F32, 4, true},
        };
    }

    /**
     * Rotated on the way into the cache, on the device, has the bits of one step after another,
     * which the cache on the host gets. A row without a target has its queries rotated.
     */
    @Test(dataProvider = "rotations")
    public void rotatingAndStoringAtOnceChangesNoBit(DType type, int pairs, boolean interleaved) {
        fixture.begin(SEED);
        CacheFixture cache = new CacheFixture(fixture, 1, 64, KV_HEADS, HEAD_DIM, type, false);
        List<Place> places = List.of(new Place(0, 63), new Place(0, 0), new Place(0, 17));
        int heads = 15;
        Twin cos = fixture.random(DType.F32, 3, pairs);
        Twin sin = fixture.random(DType.F32, 3, pairs);
        RopeTable table = new RopeTable(cos.device(), sin.device(), interleaved);
        Twin query = fixture.random(DType.F32, 3, (long) heads * HEAD_DIM);
        Twin key = fixture.random(DType.F32, 3, WIDTH);
        Twin value = fixture.random(DType.F32, 3, WIDTH);
        Tensor apart = ops.rope(fixture.twin(query.host()).device(), HEAD_DIM, table);
        Tensor rotated = ops.rope(fixture.twin(key.host()).device(), HEAD_DIM, table);
        RowMap rows = cache.host.rows(places);
        ops.storeKv(value.device(), value.device(), cache.host.view(), rows);
        ops.storeKv(rotated, value.device(), cache.host.view(), withoutSecond(rows));
        float[][] expected = load(cache.host.view(), rows);
        for (Side side : List.of(cache.device, cache.host)) {
            String what = side.view().placement() + " " + type + " ";
            rows = side.rows(places);
            ops.storeKv(value.device(), value.device(), side.view(), rows);
            Tensor atOnce = fixture.twin(query.host()).device();
            Tensor ownKey = fixture.twin(key.host()).device();
            ops.ropeAndStoreKv(
                    atOnce, ownKey, value.device(), table, side.view(), withoutSecond(rows));
            fixture.assertSameBits(fixture.read(atOnce), fixture.read(apart), what + "queries");
            float[][] found = load(side.view(), rows);
            fixture.assertSameBits(found[0], expected[0], what + "keys");
            fixture.assertSameBits(found[1], expected[1], what + "values");
        }
    }

    private float[][] load(KvView view, RowMap rows) {
        Tensor keys = fixture.workspace.allocate(DType.F32, rows.count(), WIDTH);
        Tensor values = fixture.workspace.allocate(DType.F32, rows.count(), WIDTH);
        ops.loadKv(view, rows, keys, values);
        return new float[][] {fixture.read(keys), fixture.read(values)};
    }

    private RowMap withoutSecond(RowMap rows) {
        HostMemory targets = fixture.hostMemory(24);
        LongBuffer host = targets.buffer(0, 24).asLongBuffer();
        host.put(0, rows.host().targets().get(0));
        host.put(1, -1);
        host.put(2, rows.host().targets().get(2));
        return new RowMap(
                3,
                rows.sequences(),
                rows.slots(),
                fixture.upload(targets.address(), 24),
                new HostRows(rows.host().sequences(), rows.host().slots(), host));
    }
}
