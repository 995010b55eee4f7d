/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.device.DeviceMemory;
import io.offloadstream.ops.ComputeType;
import io.offloadstream.ops.Gemm;
import io.offloadstream.ops.Phase;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.Activation;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.HalfFloat;
import java.util.Optional;
import java.util.Random;
import org.testng.SkipException;
import org.testng.annotations.AfterClass;
import org.testng.annotations.Test;

/**
 * {@code gemm=cublas}: the products of prefill by the library, on a card, or on a driver and
 * library that pose, which count what is asked of them.
 */
public class CublasLinearTest extends GpuLinearTest {

    private static final String LIBRARY = "offloadstream.libcublas";

    /** Units that sum 16 bits cut off; what is not rounded to them is a hundred times this off. */
    private static final double CARD_TOLERANCE = 1e-4;

    private CudaCard card;
    private GemmLibrary library;

    @Override
    TestGpu openDevice() {
        card = new CudaCard();
        return TestGpu.of(card);
    }

    @Override
    GemmLibrary openLibrary(TestGpu gpu) {
        try {
            library = new GemmLibrary(gpu.gpu(), gpu.stream(), ComputeType.FLOAT32);
        } catch (DeviceException e) {
            if (card.fake().isEmpty()) {
                throw new SkipException("no cuBLAS for the card: " + e.getMessage(), e);
            }
            throw e;
        }
        return library;
    }

    private FakeCard fake() {
        return card.fake()
                .orElseThrow(() -> new SkipException("the library of a card counts nothing"));
    }

    /** Which the library of a card does not promise. */
    @Override
    @Test(dataProvider = "shapes")
    public void rowsHaveTheirBitsWhateverIsBesideThem(
            DType type, int in, int out, int rows, int offset) {
        fake();
        super.rowsHaveTheirBitsWhateverIsBesideThem(type, in, out, rows, offset);
    }

    @Override
    @AfterClass(alwaysRun = true)
    public void close() {
        if (library != null) {
            library.close();
        }
        super.close();
    }

    /** The fake counts products; decoding and quantized weights leave it alone. */
    @Test
    public void prefillOfPlainWeightsIsTheLibrarys() {
        for (DType type : new DType[] {DType.F32, DType.F16, DType.BF16, DType.Q8_0}) {
            assertEquals(products(type, Phase.PREFILL, 9), type != DType.Q8_0 ? 1 : 0, "" + type);
            assertEquals(products(type, Phase.DECODE, 2), 0, type + " decoding");
        }
    }

    private long products(DType type, Phase phase, int rows) {
        Random random = new Random(3);
        Tensor x = gpu.floats(new float[rows * 64], rows, 64);
        StoredWeight weight = StoredWeight.random(random, type, 5, 64);
        Tensor stored = gpu.put(type, weight.bytes, 0, 5, 64);
        long before = fake().products();
        try (GpuLinear linear =
                new GpuLinear(gpu.gpu(), gpu.stream(), phase, ComputeType.FLOAT32, library)) {
            linear.linear(x, stored, null, gpu.result(rows, 5));
            gpu.stream().synchronize();
        }
        return fake().products() - before;
    }

    /**
     * Activations rounded to bfloat16 where the weight is: products of both are exact in float, and
     * the library that poses adds them up in one order.
     */
    @Test
    public void activationsAreRoundedToTheComputeType() {
        Random random = new Random(5);
        float[] x = new float[9 * 40];
        float[] rounded = new float[x.length];
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) random.nextGaussian();
            rounded[i] = HalfFloat.fromBf16(HalfFloat.toBf16(x[i]));
        }
        StoredWeight weight = StoredWeight.random(random, DType.BF16, 7, 40);
        Tensor stored = gpu.put(DType.BF16, weight.bytes, 0, 7, 40);
        Tensor y = gpu.result(9, 7);
        Tensor expected = gpu.result(9, 7);
        try (GemmLibrary narrow = new GemmLibrary(gpu.gpu(), gpu.stream(), ComputeType.BFLOAT16)) {
            narrow.multiply(gpu.floats(x, 9, 40), stored, y.address());
            library.multiply(gpu.floats(rounded, 9, 40), stored, expected.address());
            float[] actual = gpu.read(y);
            float[] wanted = gpu.read(expected);
            for (int i = 0; i < wanted.length; i++) {
                double limit = card.fake().isPresent() ? 0 : CARD_TOLERANCE;
                assertEquals(actual[i], wanted[i], limit, "element " + i);
            }
        }
    }

    @Test
    public void aGatedProductIsThatOfTheOwnKernels() {
        Random random = new Random(6);
        float[] values = new float[11 * 48];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        Tensor x = gpu.floats(values, 11, 48);
        Tensor gate =
                gpu.put(
                        DType.BF16,
                        StoredWeight.random(random, DType.BF16, 70, 48).bytes,
                        0,
                        70,
                        48);
        Tensor up =
                gpu.put(DType.F32, StoredWeight.random(random, DType.F32, 70, 48).bytes, 0, 70, 48);
        Tensor bias =
                gpu.put(DType.F16, StoredWeight.random(random, DType.F16, 1, 70).bytes, 0, 70);
        float[][] results = new float[2][];
        for (int i = 0; i < 2; i++) {
            try (GpuLinear linear =
                    new GpuLinear(
                            gpu.gpu(),
                            gpu.stream(),
                            Phase.PREFILL,
                            ComputeType.FLOAT32,
                            i == 0 ? null : library)) {
                Tensor y = gpu.result(11, 70);
                linear.gatedLinear(Activation.SILU, x, gate, null, up, bias, gpu.result(11, 70), y);
                results[i] = gpu.read(y);
            }
        }
        for (int i = 0; i < results[0].length; i++) {
            assertEquals(results[1][i], results[0][i], 1e-4 * Math.max(1, Math.abs(results[0][i])));
        }
    }

    @Test
    public void theBackendSaysWhatTheLibraryTakes() {
        try (GpuBackend own = new GpuBackend(card.open(), ComputeType.FLOAT32, Gemm.OWN);
                GpuBackend backend =
                        new GpuBackend(card.open(), ComputeType.FLOAT32, Gemm.CUBLAS)) {
            DeviceMemory memory = backend.memory().orElseThrow();
            assertTrue(memory.libraryBytes() >= 96L << 20, memory.toString());
            assertEquals(own.memory().orElseThrow().libraryBytes(), 0);
            assertTrue(backend.name().contains("cuBLAS"), backend.name());
        }
    }

    @Test
    public void aDeviceWithoutTheLibraryIsRefused() {
        DeviceException e =
                expectThrows(
                        DeviceException.class,
                        () ->
                                new GpuBackend(
                                        GpuFixture.openDevice(), ComputeType.FLOAT32, Gemm.CUBLAS));
        assertTrue(e.getMessage().contains("gemm=cublas"), e.getMessage());
        String found = System.setProperty(LIBRARY, "no-such-cublas");
        try {
            Optional<Long> before = card.fake().map(fake -> fake.get("device_bytes"));
            e =
                    expectThrows(
                            DeviceException.class,
                            () -> new GpuBackend(card.open(), ComputeType.FLOAT32, Gemm.CUBLAS));
            assertTrue(e.getMessage().contains("cuBLAS was not found"), e.getMessage());
            assertEquals(
                    card.fake().map(fake -> fake.get("device_bytes")),
                    before,
                    "memory of a backend that did not open");
        } finally {
            if (found == null) {
                System.clearProperty(LIBRARY);
            } else {
                System.setProperty(LIBRARY, found);
            }
        }
    }
}
