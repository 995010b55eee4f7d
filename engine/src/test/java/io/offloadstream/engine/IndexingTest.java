/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertThrows;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import org.testng.annotations.Test;

public class IndexingTest extends ArrayTestCase {

    private NDArray counted(long... shape) {
        return manager.arange((int) new Shape(shape).size()).reshape(new Shape(shape));
    }

    @Test
    public void slicesNumbersAndEllipsis() {
        NDArray a = counted(2, 5, 3);
        assertEquals(a.get(":, -1, :").toIntArray(), new int[] {12, 13, 14, 27, 28, 29});
        assertEquals(a.get("1, 1:4:2").toIntArray(), new int[] {18, 19, 20, 24, 25, 26});
        assertEquals(a.get("..., 0").getShape(), new Shape(2, 5));
        assertEquals(a.get("0, ..., -1").toIntArray(), new int[] {2, 5, 8, 11, 14});
        assertEquals(a.get(":, {}:{}", 3, 9).getShape(), new Shape(2, 2, 3));
        assertEquals(a.get(":, -2:").getShape(), new Shape(2, 2, 3));
        assertEquals(a.get(":, null, 0").getShape(), new Shape(2, 1, 3));
        assertEquals(a.get(1, 2).toIntArray(), new int[] {21, 22, 23});
        assertEquals(a.getInt(1, 4, 2), 29);
        assertThrows(IndexOutOfBoundsException.class, () -> a.get(2));
        assertThrows(IllegalArgumentException.class, () -> a.get("0, 0, 0, 0"));
        assertThrows(IllegalArgumentException.class, () -> a.get("::-1"));
    }

    @Test
    public void pairsOfPositionsAsBeamSearchUsesThem() {
        NDArray a = counted(2, 3, 4);
        NDArray rows = manager.create(new long[] {0, 1}).expandDims(1).repeat(1, 3);
        NDArray beams = manager.create(new long[][] {{2, 2, 0}, {1, 0, 1}});
        NDArray picked = a.get(new NDIndex("{}, {}, ...", rows, beams));
        assertEquals(picked.getShape(), new Shape(2, 3, 4));
        long[] expected = {2, 2, 0, 4, 3, 4};
        for (int i = 0; i < 24; i++) {
            assertEquals(picked.toIntArray()[i], expected[i / 4] * 4 + i % 4);
        }
        NDArray one = a.get(new NDIndex("{}, {}, ...", manager.arange(2), manager.create(2L)));
        assertEquals(one.toIntArray(), new int[] {8, 9, 10, 11, 20, 21, 22, 23});
        NDArray apart = a.get(new NDIndex("{}, :, {}", manager.arange(2), manager.arange(2)));
        assertEquals(apart.toIntArray(), new int[] {0, 4, 8, 13, 17, 21});
        NDArray after = a.get(new NDIndex(":, {}", manager.create(new int[] {2, -3})));
        assertEquals(after.get(1).toIntArray(), new int[] {20, 21, 22, 23, 12, 13, 14, 15});
        assertThrows(
                IndexOutOfBoundsException.class,
                () -> a.get(new NDIndex("{}", manager.create(new int[] {2}))));
    }

    @Test
    public void masks() {
        NDArray a = counted(2, 3);
        assertEquals(a.get(a.gt(2)).toIntArray(), new int[] {3, 4, 5});
        NDArray columns = manager.create(new boolean[] {true, false, true});
        assertEquals(a.booleanMask(columns, 1).toIntArray(), new int[] {0, 2, 3, 5});
        a.set(a.lt(2), 9);
        assertEquals(a.toIntArray(), new int[] {9, 9, 2, 3, 4, 5});
        a.set(new NDIndex("{}", a.eq(9)), manager.create(new int[] {7, 8}));
        assertEquals(a.toIntArray(), new int[] {7, 8, 2, 3, 4, 5});
        assertThrows(IllegalArgumentException.class, () -> a.get(columns));
        assertEquals(a.gt(4).nonzero().toLongArray(), new long[] {0, 0, 0, 1, 1, 2});
    }

    @Test
    public void partsAreSet() {
        NDArray a = manager.zeros(new Shape(2, 3, 4), DataType.INT64);
        a.set(new NDIndex("{},{}:{}", 1, 0, 2), 5);
        a.set(new NDIndex("{}, :, {}:{}", 0, 0, 0L), -1);
        assertEquals(a.sum().toLongArray()[0], 40);
        a.set(new NDIndex("0, :, 1"), manager.create(new long[] {1, 2, 3}));
        assertEquals(a.get("0, :, 1").toLongArray(), new long[] {1, 2, 3});
        a.set(new NDIndex(":, -1"), manager.create(new float[] {7, 7, 7, 7.9f}));
        assertEquals(a.get(":, 2, 3").toLongArray(), new long[] {7, 7});
        a.set(new NDIndex("0"), part -> part.mul(0));
        assertEquals(a.get(0).sum().toLongArray()[0], 0);
        a.setScalar(new NDIndex("1, 1, 1"), 77);
        assertEquals(a.getLong(1, 1, 1), 77);
        assertThrows(IllegalArgumentException.class, () -> a.setScalar(new NDIndex("1"), 3));
        assertThrows(
                IllegalArgumentException.class,
                () -> a.set(new NDIndex("0"), manager.create(new long[] {1, 2})));
    }

    @Test
    public void gatherTakePickAndOneHot() {
        NDArray a = random(DataType.FLOAT32, 2, 5);
        NDArray index = manager.create(new long[][] {{4, 0, 4}, {1, 1, 2}});
        NDArray gathered = a.gather(index, 1);
        assertEquals(gathered.getShape(), new Shape(2, 3));
        for (int i = 0; i < 6; i++) {
            double expected = values(a)[i / 3 * 5 + (int) index.toLongArray()[i]];
            assertEquals(values(gathered)[i], expected);
        }
        NDArray rows = manager.create(new long[][] {{1, 0, 1}});
        assertEquals(values(a.gather(rows, 0))[1], values(a)[1]);
        assertEquals(values(a.gather(rows, 0))[2], values(a)[7]);
        assertEquals(values(a.take(index))[3], values(a)[1]);
        NDIndex pick = new NDIndex().addAllDim().addPickDim(manager.create(new int[] {3, 1}));
        assertEquals(values(a.get(pick)), new double[] {values(a)[3], values(a)[6]});
        assertEquals(
                manager.create(new int[] {2, 0}).oneHot(3).toFloatArray(),
                new float[] {0, 0, 1, 1, 0, 0});
        assertThrows(
                IndexOutOfBoundsException.class,
                () -> a.gather(manager.create(new long[][] {{5}}), 1));
    }
}
