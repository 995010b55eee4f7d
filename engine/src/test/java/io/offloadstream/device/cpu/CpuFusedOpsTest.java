/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.cpu;

import static io.offloadstream.device.cpu.TestTensors.values;
import static org.testng.Assert.assertEquals;

import io.offloadstream.device.Workspace;
import io.offloadstream.ops.KvPlacement;
import io.offloadstream.ops.KvView;
import io.offloadstream.ops.Ops;
import io.offloadstream.ops.Phase;
import io.offloadstream.ops.RowMap;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.Activation;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.HostMemory;
import java.nio.ByteBuffer;
import org.testng.annotations.AfterMethod;
import org.testng.annotations.BeforeMethod;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** Operators that are others in one, bit for bit, and those that move results. */
public class CpuFusedOpsTest {

    private static final long SEED = 20261122;
    private static final float INFINITY = Float.POSITIVE_INFINITY;

    private TestTensors tensors;
    private CpuBackend backend;
    private Workspace workspace;
    private Ops ops;

    @BeforeMethod
    public void open() {
        tensors = new TestTensors(SEED);
        backend = new CpuBackend(3);
        workspace = backend.newWorkspace(tensors.budget(), tensors.budget(), 0, 32 << 20);
        ops = backend.ops(workspace, Phase.DECODE);
    }

    @AfterMethod(alwaysRun = true)
    public void close() {
        workspace.close();
        backend.close();
        tensors.close();
    }

    @DataProvider
    public Object[][] weights() {
        return new Object[][] {
            {1, DType.F32}, {3, DType.BF16}, {1, DType.Q8_0}, {9, DType.Q4_0}, {17, DType.F16}
        };
    }

    /** So wide that threads share them, in ranges that begin in one weight and end in the next. */
    @Test(dataProvider = "weights")
    public void linearsAreTheirLinears(int rows, DType type) {
        int in = 2048;
        Tensor x = tensors.random(DType.F32, rows, in);
        Tensor[] weights = {
            tensors.weight(type, 70, in), tensors.weight(type, 14, in), tensors.weight(type, 21, in)
        };
        Tensor[] biases = {tensors.random(DType.F32, 70), null, tensors.random(DType.F16, 21)};
        Tensor[] results = ops.linears(x, weights, biases);
        for (int i = 0; i < 3; i++) {
            assertEquals(results[i].shape(), new long[] {rows, weights[i].rows()});
            float[] expected = values(ops.linear(x, weights[i], biases[i]));
            assertEquals(values(results[i]), expected, "seed " + SEED + ", result " + i);
        }
    }

    @Test(dataProvider = "weights")
    public void linearAddIsLinearAndAdd(int rows, DType type) {
        Tensor x = tensors.random(DType.F32, rows, 64);
        Tensor weight = tensors.weight(type, 53, 64);
        Tensor bias = rows == 1 ? tensors.random(DType.BF16, 53) : null;
        Tensor target = tensors.random(DType.F32, rows, 53);
        Tensor expected = tensors.random(DType.F32, rows, 53);
        ops.copy(target, expected);
        ops.addInPlace(expected, ops.linear(x, weight, bias));
        ops.linearAdd(target, x, weight, bias);
        assertEquals(values(target), values(expected), "seed " + SEED);
    }

    @Test(dataProvider = "weights")
    public void gatedLinearIsBothProjectionsAndTheGate(int rows, DType type) {
        Tensor x = tensors.random(DType.F32, rows, 64);
        Tensor gate = tensors.weight(type, 37, 64);
        Tensor up = tensors.weight(type, 37, 64);
        Tensor gateBias = tensors.random(DType.F32, 37);
        for (Activation activation : Activation.values()) {
            for (Tensor upBias : new Tensor[] {null, tensors.random(DType.F32, 37)}) {
                Tensor y = ops.gatedLinear(activation, x, gate, gateBias, up, upBias);
                Tensor expected =
                        ops.activateMultiply(
                                activation,
                                ops.linear(x, gate, gateBias),
                                ops.linear(x, up, upBias));
                assertEquals(values(y), values(expected), activation + ", seed " + SEED);
            }
        }
    }

    @DataProvider
    public Object[][] scaledShapes() {
        return new Object[][] {{1, 300, 140, true}, {5, 128, 257, false}, {11, 100, 3, true}};
    }

    @Test(dataProvider = "scaledShapes")
    public void linearScaledHasAScaleForEachBlock(int rows, int in, int out, boolean biased) {
        Tensor x = tensors.random(DType.F32, rows, in);
        Tensor weight = tensors.weight(DType.F8_E4M3, out, in);
        int lines = (out + 127) / 128;
        int columns = (in + 127) / 128;
        Tensor scales = tensors.random(DType.F32, lines, columns);
        Tensor bias = biased ? tensors.random(DType.BF16, out) : null;
        float[] xs = values(x);
        float[] ws = values(weight);
        float[] factors = values(scales);
        float[] y = values(ops.linearScaled(x, weight, scales, bias));
        for (int i = 0; i < rows * out; i++) {
            int o = i % out;
            double sum = bias == null ? 0 : values(bias)[o];
            double size = 1;
            for (int k = 0; k < in; k++) {
                double scaled = ws[o * in + k] * factors[o / 128 * columns + k / 128];
                sum += xs[i / out * in + k] * scaled;
                size = Math.max(size, Math.abs(scaled));
            }
            assertEquals(y[i], sum, 1e-5 * size * Math.sqrt(in), "seed " + SEED + " element " + i);
        }
    }

    /** Row by row what {@link Ops#top} gives. */
    private void assertTop(float[][] rows, int count, float[][] values, int[][] places) {
        int width = rows[0].length;
        Tensor x = tensors.random(DType.F32, rows.length, width);
        for (int row = 0; row < rows.length; row++) {
            HostMemory.view(x.address() + 4L * row * width, 4 * width)
                    .asFloatBuffer()
                    .put(rows[row]);
        }
        Tensor best = tensors.random(DType.F32, rows.length, count);
        Tensor where =
                new Tensor(
                        DType.I32,
                        tensors.memory(4L * rows.length * count).address(),
                        best.shape());
        ops.top(x, 100, best, where);
        for (int row = 0; row < rows.length; row++) {
            int[] found = new int[count];
            HostMemory.view(where.address() + 4L * row * count, 4 * count).asIntBuffer().get(found);
            assertEquals(values(best.rows(row, row + 1)), values[row], "row " + row);
            assertEquals(found, places[row], "row " + row);
        }
    }

    @Test
    public void topGivesTheLargestAndOfEqualOnesTheFirst() {
        assertTop(
                new float[][] {{-1, 3, 2, 3, -7}, {5, 5, 5, 5, 5}},
                3,
                new float[][] {{3, 3, 2}, {5, 5, 5}},
                new int[][] {{101, 103, 102}, {100, 101, 102}});
    }

    @Test
    public void topSeesWhatIsNoNumberFirst() {
        assertTop(
                new float[][] {{1, 2, Float.NaN, -INFINITY}, {-INFINITY, 1, INFINITY, Float.NaN}},
                2,
                new float[][] {{INFINITY, 2}, {INFINITY, INFINITY}},
                new int[][] {{102, 101}, {102, 103}});
    }

    @Test
    public void topOfShortRowsEndsWithNoPlace() {
        assertTop(
                new float[][] {{4, -INFINITY}},
                4,
                new float[][] {{4, -INFINITY, -INFINITY, -INFINITY}},
                new int[][] {{100, 101, -1, -1}});
    }

    @Test
    public void rowsComeInAndGoOutUnchanged() {
        Tensor source = tensors.random(DType.F32, 700, 131);
        Tensor inside = tensors.random(DType.F32, 700, 131);
        Tensor output = tensors.random(DType.F32, 700, 131);
        ops.input(source, inside);
        assertEquals(values(inside), values(source));
        ops.output(inside, output);
        assertEquals(values(output), values(source));
    }

    @DataProvider
    public Object[][] cacheTypes() {
        return new Object[][] {{DType.F32, 0.0}, {DType.F16, 1e-3}, {DType.BF16, 8e-3}};
    }

    /** Two pages of 4 slots, 3 heads of 6, the second layer of 2; more rows than one table. */
    @Test(dataProvider = "cacheTypes")
    public void loadKvReadsBackWhatStoreKvWrote(DType type, double tolerance) {
        int slots = 8;
        long valueOffset = 3L * 4 * 6 * type.sizeBytes();
        HostMemory pages = tensors.memory(8 * 2);
        for (int page = 0; page < 2; page++) {
            pages.buffer(8L * page, 8).putLong(0, tensors.memory(4 * valueOffset).address());
        }
        HostMemory map = tensors.memory(16L * slots);
        ByteBuffer rowMap = map.buffer(0, 16 * slots);
        for (int slot = 0; slot < slots; slot++) {
            long page = pages.buffer(8L * (slot / 4), 8).getLong(0);
            rowMap.putLong(8 * slot, page + slot % 4 * 6L * type.sizeBytes());
            rowMap.putInt(8 * slots + 4 * slot, 0);
            rowMap.putInt(12 * slots + 4 * slot, slot);
        }
        KvView cache =
                new KvView(
                        0,
                        KvPlacement.DEVICE,
                        pages.address(),
                        2,
                        2 * valueOffset,
                        valueOffset,
                        4,
                        3,
                        6,
                        type,
                        0,
                        slots);
        long at = map.address();
        RowMap rows = new RowMap(slots, at + 8L * slots, at + 12L * slots, at);
        Tensor key = tensors.random(DType.F32, slots, 18);
        Tensor value = tensors.random(DType.F32, slots, 18);
        ops.storeKv(key, value, cache, rows);
        Tensor keyBack = tensors.random(DType.F32, slots, 18);
        Tensor valueBack = tensors.random(DType.F32, slots, 18);
        ops.loadKv(cache, rows, keyBack, valueBack);
        for (int i = 0; i < slots * 18; i++) {
            float k = values(key)[i];
            float v = values(value)[i];
            assertEquals(values(keyBack)[i], k, tolerance * Math.abs(k), "key " + i);
            assertEquals(values(valueBack)[i], v, tolerance * Math.abs(v), "value " + i);
        }
    }
}
