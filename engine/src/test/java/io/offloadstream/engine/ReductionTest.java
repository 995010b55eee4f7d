/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertThrows;
import static org.testng.Assert.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

public class ReductionTest extends ArrayTestCase {

    @DataProvider
    public Object[] types() {
        return new Object[] {DataType.FLOAT32, DataType.FLOAT64, DataType.INT64, DataType.INT32};
    }

    /** The elements of a (2, 3, 4) array along its first and last axis, at y of the middle one. */
    private static double[] outer(double[] all, int y) {
        return IntStream.range(0, 8).mapToDouble(i -> all[i / 4 * 12 + y * 4 + i % 4]).toArray();
    }

    @Test(dataProvider = "types")
    public void axesThatAreNoNeighboursAreReduced(DataType type) {
        NDArray a = random(type, 2, 3, 4);
        double[] all = values(a);
        int[] axes = {-1, 0};
        for (int y = 0; y < 3; y++) {
            DoubleStream expected = Arrays.stream(outer(all, y));
            double[] lane = expected.toArray();
            assertEquals(values(a.sum(axes))[y], Arrays.stream(lane).sum());
            assertEquals(values(a.max(axes))[y], Arrays.stream(lane).max().getAsDouble());
            assertEquals(values(a.min(axes))[y], Arrays.stream(lane).min().getAsDouble());
            assertEquals(
                    values(a.mean(axes))[y], Arrays.stream(lane).average().getAsDouble(), 1e-6);
            double product = Arrays.stream(lane).reduce(1, (x, z) -> x * z);
            assertEquals(values(a.prod(axes))[y], product, Math.abs(product) * 1e-6);
            double square = Arrays.stream(lane).map(x -> x * x).sum();
            assertEquals(values(a.norm(axes))[y], Math.sqrt(square), 1e-5);
        }
        assertEquals(a.sum(axes, true).getShape(), new Shape(1, 3, 1));
        assertEquals(a.sum().getShape(), new Shape());
        assertEquals(values(a.sum())[0], Arrays.stream(all).sum());
    }

    @Test
    public void sumsOfSmallIntegersDoNotOverflow() {
        NDArray a = manager.full(new Shape(300), 100, DataType.UINT8);
        assertEquals(a.sum().toLongArray(), new long[] {30_000});
        assertEquals(manager.create(new boolean[] {true, true}).sum().toLongArray()[0], 2);
        assertTrue(a.gt(3).all().getBoolean());
    }

    @Test(dataProvider = "types")
    public void positionsOfExtremes(DataType type) {
        NDArray a = random(type, 2, 5, 3);
        double[] all = values(a);
        long[] max = a.argMax(1).toLongArray();
        long[] min = a.argMin(-2).toLongArray();
        for (int i = 0; i < 6; i++) {
            int first = i / 3 * 15 + i % 3;
            int best = 0;
            int worst = 0;
            for (int y = 1; y < 5; y++) {
                best = all[first + 3 * y] > all[first + 3 * best] ? y : best;
                worst = all[first + 3 * y] < all[first + 3 * worst] ? y : worst;
            }
            assertEquals(max[i], best);
            assertEquals(min[i], worst);
        }
        assertEquals(a.argMax().getShape(), new Shape());
    }

    @DataProvider
    public Object[] counts() {
        return new Object[] {1, 3, 64, 65, 70};
    }

    @Test(dataProvider = "counts")
    public void topKSortsByValueThenPosition(int k) {
        NDArray a = random(DataType.INT32, 2, 70, 3);
        double[] all = values(a);
        for (boolean largest : new boolean[] {true, false}) {
            NDList top = a.topK(k, 1, largest, true);
            assertEquals(top.get(0).getShape(), new Shape(2, k, 3));
            assertEquals(top.get(1).getDataType(), DataType.INT64);
            double[] found = values(top.get(0));
            long[] positions = top.get(1).toLongArray();
            for (int lane = 0; lane < 6; lane++) {
                int first = lane / 3 * 210 + lane % 3;
                int[] order =
                        IntStream.range(0, 70)
                                .boxed()
                                .sorted(
                                        (x, y) ->
                                                (largest ? -1 : 1)
                                                        * Double.compare(
                                                                all[first + 3 * x],
                                                                all[first + 3 * y]))
                                .mapToInt(Integer::intValue)
                                .toArray();
                for (int i = 0; i < k; i++) {
                    int at = lane / 3 * 3 * k + 3 * i + lane % 3;
                    assertEquals(positions[at], order[i]);
                    assertEquals(found[at], all[first + 3 * order[i]]);
                }
            }
        }
        assertThrows(IllegalArgumentException.class, () -> a.topK(71, 1, true, true));
    }

    @Test
    public void sortAndArgSort() {
        NDArray a = manager.create(new float[] {3, 1, 2, 6, 5, 4}, new Shape(2, 3));
        assertEquals(a.sort().toFloatArray(), new float[] {1, 2, 3, 4, 5, 6});
        assertEquals(a.sort(0), a);
        assertEquals(a.argSort(1, false).toLongArray(), new long[] {0, 2, 1, 0, 1, 2});
    }

    @Test
    public void softmaxAlongAnyAxis() {
        NDArray a = random(DataType.FLOAT32, 2, 4, 3).muli(100);
        double[] all = values(a);
        double[] soft = values(a.softmax(1));
        double[] log = values(a.logSoftmax(-2));
        for (int i = 0; i < 6; i++) {
            int first = i / 3 * 12 + i % 3;
            double max = IntStream.range(0, 4).mapToDouble(y -> all[first + 3 * y]).max().orElse(0);
            double sum =
                    IntStream.range(0, 4)
                            .mapToDouble(y -> Math.exp(all[first + 3 * y] - max))
                            .sum();
            for (int y = 0; y < 4; y++) {
                double shifted = all[first + 3 * y] - max;
                assertEquals(soft[first + 3 * y], Math.exp(shifted) / sum, 1e-7);
                assertEquals(log[first + 3 * y], shifted - Math.log(sum), 1e-4);
            }
        }
    }

    @Test
    public void accumulationAndNormalisation() {
        NDArray a = random(DataType.INT32, 2, 3, 2);
        double[] all = values(a);
        double[] sums = values(a.cumSum(1));
        NDArray floats = a.toType(DataType.FLOAT32, false);
        double[] unit = values(floats.normalize(2, 1));
        for (int i = 0; i < 4; i++) {
            int first = i / 2 * 6 + i % 2;
            double sum = 0;
            double squares = 0;
            for (int y = 0; y < 3; y++) {
                squares += all[first + 2 * y] * all[first + 2 * y];
            }
            for (int y = 0; y < 3; y++) {
                sum += all[first + 2 * y];
                assertEquals(sums[first + 2 * y], sum);
                double expected = all[first + 2 * y] / Math.max(Math.sqrt(squares), 1e-12);
                assertEquals(unit[first + 2 * y], expected, 1e-6);
            }
        }
        assertEquals(a.cumSum().getShape(), new Shape(12));
        assertEquals(manager.arange(1, 5).cumProd(0).toLongArray(), new long[] {1, 2, 6, 24});
        assertEquals(
                manager.create(new float[] {1, 3}, new Shape(1, 2)).normalize(1, 1).toFloatArray(),
                new float[] {0.25f, 0.75f});
    }

    @Test
    public void matrixProducts() {
        NDArray a = random(DataType.FLOAT32, 2, 3, 4);
        NDArray b = random(DataType.FLOAT32, 2, 4, 5);
        NDArray product = a.batchMatMul(b);
        assertEquals(product.getShape(), new Shape(2, 3, 5));
        double[] left = values(a);
        double[] right = values(b);
        for (int i = 0; i < 30; i++) {
            double sum = 0;
            for (int k = 0; k < 4; k++) {
                sum += left[i / 15 * 12 + i / 5 % 3 * 4 + k] * right[i / 15 * 20 + k * 5 + i % 5];
            }
            assertEquals(values(product)[i], sum);
        }
        NDArray shared = b.get("0");
        assertEquals(a.matMul(shared).get("1"), a.get("1").matMul(shared));
        NDArray vector = random(DataType.FLOAT32, 4);
        assertEquals(a.matMul(vector).getShape(), new Shape(2, 3));
        assertEquals(vector.dot(vector).getShape(), new Shape());
        assertThrows(IllegalArgumentException.class, () -> a.matMul(a));
    }
}
