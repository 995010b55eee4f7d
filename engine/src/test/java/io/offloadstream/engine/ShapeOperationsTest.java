/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertThrows;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

public class ShapeOperationsTest extends ArrayTestCase {

    @DataProvider
    public Object[] types() {
        return new Object[] {DataType.FLOAT32, DataType.INT64, DataType.FLOAT16, DataType.INT8};
    }

    private static float at(NDArray array, long... index) {
        return array.getScalar(index).toType(DataType.FLOAT32, false).toFloatArray()[0];
    }

    @Test(dataProvider = "types")
    public void transposePermutes(DataType type) {
        NDArray a = random(type, 2, 3, 4, 5);
        NDArray t = a.transpose(0, 3, -3, 2);
        assertEquals(t.getShape(), new Shape(2, 5, 3, 4));
        NDArray r = a.transpose();
        NDArray s = a.swapAxes(1, -1);
        for (int i = 0; i < 120; i++) {
            int w = i / 60;
            int x = i / 20 % 3;
            int y = i / 5 % 4;
            int z = i % 5;
            assertEquals(at(t, w, z, x, y), at(a, w, x, y, z));
            assertEquals(at(r, z, y, x, w), at(a, w, x, y, z));
            assertEquals(at(s, w, z, y, x), at(a, w, x, y, z));
        }
        assertThrows(IllegalArgumentException.class, () -> a.transpose(0, 1, 1, 2));
    }

    @Test(dataProvider = "types")
    public void repeatTileAndBroadcast(DataType type) {
        NDArray a = random(type, 2, 3, 2);
        NDArray repeated = a.repeat(1, 4);
        NDArray tiled = a.tile(1, 4);
        NDArray broad = a.expandDims(1).broadcast(2, 5, 3, 2);
        assertEquals(repeated.getShape(), new Shape(2, 12, 2));
        assertEquals(tiled.getShape(), new Shape(2, 12, 2));
        for (int x = 0; x < 2; x++) {
            for (int y = 0; y < 12; y++) {
                for (int z = 0; z < 2; z++) {
                    assertEquals(at(repeated, x, y, z), at(a, x, y / 4, z));
                    assertEquals(at(tiled, x, y, z), at(a, x, y % 3, z));
                    assertEquals(at(broad, x, y % 5, y / 4, z), at(a, x, y / 4, z));
                }
            }
        }
        assertEquals(a.repeat(new long[] {1, 2, 3}).getShape(), new Shape(2, 6, 6));
        assertEquals(a.repeat(new Shape(6, 2)).getShape(), new Shape(2, 6, 2));
        assertEquals(a.tile(2).getShape(), new Shape(4, 6, 4));
        assertEquals(manager.create(3f).repeat(4).toFloatArray(), new float[] {3, 3, 3, 3});
    }

    @Test(dataProvider = "types")
    public void splitAndConcatAreInverse(DataType type) {
        NDArray a = random(type, 2, 6, 3);
        for (int axis = -3; axis < 3; axis++) {
            NDList parts = a.split(new long[] {1}, axis);
            assertEquals(parts.get(0).getShape().get(Math.floorMod(axis, 3)), 1);
            assertEquals(NDArrays.concat(parts, axis), a, "axis " + axis);
        }
        NDList thirds = a.split(3, 1);
        assertEquals(thirds.size(), 3);
        assertEquals(thirds.get(2), a.get(":, 4:6, :"));
        assertThrows(IllegalArgumentException.class, () -> a.split(4, 1));
        assertThrows(IllegalArgumentException.class, () -> a.concat(random(type, 2, 6, 4), 1));
    }

    @Test
    public void stackPutsInAnAxis() {
        NDArray a = random(DataType.FLOAT32, 2, 3);
        NDArray b = random(DataType.FLOAT32, 2, 3);
        for (int axis = 0; axis < 3; axis++) {
            NDArray stacked = a.stack(b, axis);
            assertEquals(stacked.getShape().get(axis), 2);
            NDList parts = stacked.split(2, axis);
            assertEquals(parts.get(0).squeeze(axis), a);
            assertEquals(parts.get(1).squeeze(axis), b);
        }
        assertThrows(IllegalArgumentException.class, () -> a.stack(random(DataType.FLOAT32, 1, 3)));
    }

    @Test
    public void reshapeKeepsOrderAndMemory() {
        NDArray a = random(DataType.FLOAT32, 2, 3, 4);
        long used = budget.usedBytes();
        NDArray b = a.reshape(4, -1);
        assertEquals(b.getShape(), new Shape(4, 6));
        assertEquals(b.toFloatArray(), a.toFloatArray());
        assertEquals(a.expandDims(-1).getShape(), new Shape(2, 3, 4, 1));
        assertEquals(a.expandDims(1).squeeze(1), a);
        assertEquals(a.flatten(1, 2).getShape(), new Shape(2, 12));
        assertEquals(budget.usedBytes(), used);
        b.set(manager.zeros(new Shape(24)).toByteBuffer());
        assertEquals(a.sum().toFloatArray()[0], 0f);
        assertThrows(IllegalArgumentException.class, () -> a.reshape(5, -1));
        assertThrows(IllegalArgumentException.class, () -> a.squeeze(0));
    }

    @Test
    public void flipAndPad() {
        NDArray a = random(DataType.FLOAT32, 2, 3);
        NDArray flipped = a.flip(1);
        NDArray padded = a.pad(new Shape(1, 2), 7);
        assertEquals(padded.getShape(), new Shape(2, 6));
        for (int x = 0; x < 2; x++) {
            for (int y = 0; y < 6; y++) {
                boolean inside = y > 0 && y < 4;
                assertEquals(at(padded, x, y), inside ? at(a, x, y - 1) : 7);
                assertEquals(at(flipped, x, y % 3), at(a, x, 2 - y % 3));
            }
        }
    }

    @Test
    public void emptyArraysTakeNoMemory() {
        NDArray empty = manager.create(new Shape(2, 0, 3));
        assertEquals(budget.usedBytes(), 0);
        assertEquals(empty.transpose().getShape(), new Shape(3, 0, 2));
        assertEquals(empty.concat(random(DataType.FLOAT32, 2, 1, 3), 1).getShape().get(1), 1);
        assertEquals(empty.sum().toFloatArray(), new float[] {0});
        assertThrows(IllegalArgumentException.class, empty::max);
    }

    @Test
    public void createdFromRules() {
        assertEquals(manager.arange(2, 11, 3).toIntArray(), new int[] {2, 5, 8});
        assertEquals(
                manager.arange(0f, 1f, 0.25f).toFloatArray(), new float[] {0, .25f, .5f, .75f});
        assertEquals(manager.arange(5, 0, -2).toIntArray(), new int[] {5, 3, 1});
        assertEquals(manager.arange(16_777_217, 16_777_218, 1).toIntArray()[0], 16_777_217);
        assertEquals(manager.eye(2, 3, 1).toFloatArray(), new float[] {0, 1, 0, 0, 0, 1});
        assertEquals(manager.linspace(0f, 1f, 3).toFloatArray(), new float[] {0, .5f, 1});
        assertEquals(manager.ones(new Shape(2), DataType.INT64).toLongArray(), new long[] {1, 1});
        assertThrows(IllegalArgumentException.class, () -> manager.arange(0, 3, 0));
    }

    @Test
    public void randomNumbersFollowTheSeed() {
        manager.getEngine().setRandomSeed(7);
        float[] first = manager.randomUniform(-1, 2, new Shape(50, 3)).toFloatArray();
        float[] normal = manager.randomNormal(new Shape(20)).toFloatArray();
        manager.getEngine().setRandomSeed(7);
        assertEquals(manager.randomUniform(-1, 2, new Shape(50, 3)).toFloatArray(), first);
        assertEquals(manager.randomNormal(new Shape(20)).toFloatArray(), normal);
        for (float x : first) {
            assertEquals(x >= -1 && x < 2, true);
        }
    }
}
