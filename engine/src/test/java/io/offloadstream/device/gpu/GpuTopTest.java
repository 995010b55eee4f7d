/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.expectThrows;

import io.offloadstream.device.gpu.GpuFixture.Twin;
import io.offloadstream.ops.Ops;
import io.offloadstream.ops.Phase;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.HostMemory;
import java.nio.FloatBuffer;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/**
 * The largest values of rows, against the CPU's: order, ties, what is no number, rows too short.
 */
public class GpuTopTest {

    private static final long SEED = 77;

    private GpuFixture fixture;
    private Ops ops;

    /** The device; a subclass has another. */
    GpuFixture openFixture() {
        return new GpuFixture();
    }

    @BeforeClass
    public void open() {
        fixture = openFixture();
        ops = fixture.ops(Phase.DECODE);
    }

    @AfterClass(alwaysRun = true)
    public void close() {
        if (fixture != null) {
            fixture.close();
        }
    }

    /** Rows, width, count: one round of parts, two, three, and rows shorter than what is wanted. */
    @DataProvider
    public Object[][] shapes() {
        return new Object[][] {
            {1, 1, 1},
            {3, 5, 9},
            {64, 300, 256},
            {5, 2049, 7},
            {2, 32_003, 1},
            {2, 20_000, 256},
            {1, 300_000, 40},
        };
    }

    @Test(dataProvider = "shapes")
    public void largestFirst(int rows, int width, int count) {
        fixture.begin(SEED);
        Twin x = fixture.random(DType.F32, rows, width);
        assertSame(x, 11, count);
    }

    /** Few different values, so that most are equal; some are no numbers or infinite. */
    @Test(dataProvider = "shapes")
    public void theFirstOfEqualOnes(int rows, int width, int count) {
        fixture.begin(SEED);
        Tensor x = fixture.hostTensor(DType.F32, rows, width);
        FloatBuffer values = HostMemory.view(x.address(), (int) x.sizeBytes()).asFloatBuffer();
        float[] kinds = {1, 2, -3, Float.NaN, Float.NEGATIVE_INFINITY, 0f, -0f};
        for (int i = 0; i < values.capacity(); i++) {
            values.put(i, kinds[fixture.random().nextInt(kinds.length)]);
        }
        assertSame(fixture.twin(x), 0, count);
    }

    private void assertSame(Twin x, int columnBegin, int count) {
        int rows = x.host().rows();
        Tensor values = fixture.hostTensor(DType.F32, rows, count);
        Tensor places = fixture.hostTensor(DType.I32, rows, count);
        Tensor expectedValues = fixture.hostTensor(DType.F32, rows, count);
        Tensor expectedPlaces = fixture.hostTensor(DType.I32, rows, count);
        ops.top(x.device(), columnBegin, values, places);
        fixture.backend.computeStream().synchronize();
        fixture.reference.top(x.host(), columnBegin, expectedValues, expectedPlaces);
        assertEquals(places(places), places(expectedPlaces), fixture.seed() + "places");
        fixture.assertSameBits(
                GpuFixture.values(values), GpuFixture.values(expectedValues), "values");
    }

    private static int[] places(Tensor x) {
        int[] places = new int[(int) x.count()];
        HostMemory.view(x.address(), (int) x.sizeBytes()).asIntBuffer().get(places);
        return places;
    }

    @Test
    public void moreThanItCanFind() {
        fixture.begin(SEED);
        Tensor x = fixture.random(DType.F32, 1, 700).device();
        Tensor values = fixture.hostTensor(DType.F32, 1, 257);
        Tensor places = fixture.hostTensor(DType.I32, 1, 257);
        IllegalArgumentException e =
                expectThrows(IllegalArgumentException.class, () -> ops.top(x, 0, values, places));
        assertEquals(e.getMessage(), "top: 257 values of each row are wanted, at most 256 can be");
    }
}
