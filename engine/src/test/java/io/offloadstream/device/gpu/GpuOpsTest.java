/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import static org.testng.Assert.assertEquals;

import io.offloadstream.device.gpu.GpuFixture.Twin;
import io.offloadstream.ops.Ops;
import io.offloadstream.ops.Phase;
import io.offloadstream.ops.RopeTable;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.Activation;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.HostMemory;
import java.util.Arrays;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import org.testng.annotations.BeforeMethod;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** Operators other than products and attention, each against the CPU's on random rows. */
public class GpuOpsTest {

    private static final long SEED = 20261121;
    private static final double TOLERANCE = 1e-5;

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

    @BeforeMethod
    public void begin() {
        fixture.begin(SEED);
    }

    /** One row, several, more than one group takes; widths beside every power of two. */
    @DataProvider
    public Object[][] shapes() {
        return new Object[][] {
            {1, 37, DType.F32},
            {7, 130, DType.F16},
            {3, 1030, DType.BF16},
            {150, 257, DType.BF16},
        };
    }

    @Test(dataProvider = "shapes")
    public void rmsNorm(int rows, int width, DType type) {
        Twin x = fixture.random(DType.F32, rows, width);
        Twin weight = fixture.random(type, width);
        fixture.assertClose(
                ops.rmsNorm(x.device(), weight.device(), 0.25f),
                fixture.reference.rmsNorm(x.host(), weight.host(), 0.25f),
                TOLERANCE,
                "rmsNorm");
    }

    @Test(dataProvider = "shapes")
    public void layerNorm(int rows, int width, DType type) {
        Twin x = fixture.random(DType.F32, rows, width);
        Twin weight = fixture.random(type, width);
        Twin bias = fixture.random(type, width);
        fixture.assertClose(
                ops.layerNorm(x.device(), weight.device(), bias.device(), 0.5f),
                fixture.reference.layerNorm(x.host(), weight.host(), bias.host(), 0.5f),
                TOLERANCE,
                "with bias");
        fixture.assertClose(
                ops.layerNorm(x.device(), weight.device(), null, 0.5f),
                fixture.reference.layerNorm(x.host(), weight.host(), null, 0.5f),
                TOLERANCE,
                "without bias");
    }

    @Test
    public void aRowsNormDoesNotDependOnOtherRows() {
        Twin x = fixture.random(DType.F32, 5, 771);
        Twin weight = fixture.random(DType.F16, 771);
        float[] all = fixture.read(ops.rmsNorm(x.device(), weight.device(), 1e-6f));
        for (int row = 0; row < 5; row++) {
            Tensor alone = ops.rmsNorm(x.device().rows(row, row + 1), weight.device(), 1e-6f);
            fixture.assertSameBits(
                    fixture.read(alone),
                    Arrays.copyOfRange(all, row * 771, (row + 1) * 771),
                    "row " + row);
        }
    }

    /** Rows, heads, width, pairs, interleaved. */
    @DataProvider
    public Object[][] rotations() {
        return new Object[][] {
            {1, 3, 18, 9, false}, {5, 2, 64, 32, false}, {4, 3, 20, 5, false}, {37, 5, 24, 6, true},
        };
    }

    @Test(dataProvider = "rotations")
    public void rope(int rows, int heads, int headDim, int pairs, boolean interleaved) {
        Twin x = fixture.random(DType.F32, rows, (long) heads * headDim);
        Twin cos = fixture.random(DType.F32, rows, pairs);
        Twin sin = fixture.random(DType.F32, rows, pairs);
        RopeTable onDevice = new RopeTable(cos.device(), sin.device(), interleaved);
        RopeTable onHost = new RopeTable(cos.host(), sin.host(), interleaved);
        fixture.assertClose(
                ops.rope(x.device(), headDim, onDevice),
                fixture.reference.rope(x.host(), headDim, onHost),
                TOLERANCE,
                "rope");
    }

    @Test(dataProvider = "shapes")
    public void activations(int rows, int width, DType type) {
        Twin x = fixture.random(DType.F32, rows, width);
        Twin up = fixture.random(DType.F32, rows, width);
        for (Activation activation : Activation.values()) {
            fixture.assertClose(
                    ops.activate(activation, x.device()),
                    fixture.reference.activate(activation, x.host()),
                    TOLERANCE,
                    activation + " for weights of " + type);
            fixture.assertClose(
                    ops.activateMultiply(activation, x.device(), up.device()),
                    fixture.reference.activateMultiply(activation, x.host(), up.host()),
                    TOLERANCE,
                    activation + ", gated");
        }
    }

    @Test
    public void addCopyColumns() {
        Twin x = fixture.random(DType.F32, 9, 1031);
        Twin y = fixture.random(DType.F32, 9, 1031);
        Tensor columns = ops.columns(x.device(), 17, 503);
        fixture.assertClose(
                columns, fixture.reference.columns(x.host(), 17, 503), 0, "columns [17, 503)");
        ops.addInPlace(y.device(), x.device());
        fixture.reference.addInPlace(y.host(), x.host());
        fixture.assertClose(y.device(), y.host(), 0, "sum");
        ops.copy(x.device(), y.device());
        fixture.assertClose(y.device(), x.host(), 0, "copy");
    }

    @Test
    public void inputAndOutput() {
        Twin x = fixture.random(DType.F32, 7, 53);
        Tensor target = fixture.workspace.allocate(DType.F32, 7, 53);
        ops.input(x.host(), target);
        Tensor back = fixture.hostTensor(DType.F32, 7, 53);
        ops.output(target, back);
        fixture.backend.computeStream().synchronize();
        assertEquals(GpuFixture.values(back), GpuFixture.values(x.host()));
    }

    /** Rows and their type; many need several uploads, one is expanded within its own result. */
    @DataProvider
    public Object[][] gathers() {
        return new Object[][] {
            {1, 51, DType.BF16},
            {1, 640, DType.F32},
            {8, 77, DType.F16},
            {700, 129, DType.BF16},
            {333, 1024, DType.F16},
            {90, 515, DType.F32},
        };
    }

    @DataProvider
    public Object[][] gathersOfBlocks() {
        return new Object[][] {
            {1, 32, DType.Q4_0},
            {1, 288, DType.Q8_0},
            {7, 256, DType.Q4_0},
            {333, 1056, DType.Q8_0},
            {700, 160, DType.Q4_0},
        };
    }

    /** Stored rows wait in their results' memory: no row, nor block, is written over too early. */
    @Test(dataProvider = "gathersOfBlocks")
    public void gatherOfBlocks(int rows, int width, DType type) {
        StoredWeight stored = StoredWeight.random(fixture.random(), type, 97, width);
        Tensor table = fixture.hostTensor(type, 97, width);
        HostMemory.view(table.address(), stored.bytes.length).put(stored.bytes);
        long[] addresses = new long[rows];
        float[] expected = new float[rows * width];
        for (int i = 0; i < rows; i++) {
            int row = fixture.random().nextInt(97);
            addresses[i] = table.rows(row, row + 1).address();
            for (int c = 0; c < width; c++) {
                expected[i * width + c] = (float) stored.values[row * width + c];
            }
        }
        Tensor actual = fixture.workspace.allocate(DType.F32, rows, width);
        ops.gather(addresses, type, actual);
        fixture.assertSameBits(fixture.read(actual), expected, rows + " rows of " + type);
    }

    @Test(dataProvider = "gathers")
    public void gather(int rows, int width, DType type) {
        Tensor table = fixture.random(type, 97, width).host();
        long[] addresses = new long[rows];
        for (int i = 0; i < rows; i++) {
            int row = fixture.random().nextInt(97);
            addresses[i] = table.rows(row, row + 1).address();
        }
        Tensor actual = fixture.workspace.allocate(DType.F32, rows, width);
        Tensor expected = fixture.hostTensor(DType.F32, rows, width);
        ops.gather(addresses, type, actual);
        fixture.reference.gather(addresses, type, expected);
        fixture.assertSameBits(
                fixture.read(actual), GpuFixture.values(expected), rows + " rows of " + type);
    }
}
