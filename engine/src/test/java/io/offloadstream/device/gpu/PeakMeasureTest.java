/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import io.offloadstream.device.ProductPeak;
import io.offloadstream.ops.ComputeType;
import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.gpu.Gpu;
import io.offloadstream.platform.gpu.GpuKernel;
import java.util.List;
import java.util.Optional;
import org.testng.SkipException;
import org.testng.annotations.Test;

public class PeakMeasureTest {

    private static final int CHAINS = 16;

    @Test
    public void theLoopMakesEveryMultiplyAdd() {
        try (Gpu gpu = GpuFixture.openDevice()) {
            requireEveryMultiplyAdd(gpu);
        }
    }

    @Test
    public void theLoopMakesEveryMultiplyAddByCuda() {
        try (CudaCard card = new CudaCard();
                Gpu gpu = card.open()) {
            requireEveryMultiplyAdd(gpu);
        }
    }

    /** What is counted is made: the sums are those of so many rounds. */
    private static void requireEveryMultiplyAdd(Gpu gpu) {
        int threads = 256;
        int groups = 3;
        int rounds = 77;
        try (MemoryBudget budget = MemoryBudget.unlimited("test");
                DeviceStream stream = gpu.newStream("test");
                GpuKernel kernel = gpu.kernel("peak", "multiply_adds");
                DeviceBuffer y = gpu.allocate(budget, "test", 4L * groups * threads);
                HostMemory result = gpu.allocateHost(budget, "test", y.sizeBytes())) {
            kernel.buffer(y.address()).int32(rounds).float32(0.75f).float32(1.5f);
            kernel.launch(stream, groups, 1, 1, threads);
            stream.download(y.address(), result.address(), y.sizeBytes(), y.sizeBytes(), 1);
            stream.synchronize();
            for (int i = 0; i < groups * threads; i++) {
                float sum = 0;
                for (int chain = 0; chain < CHAINS; chain++) {
                    float value = i % threads + chain;
                    for (int round = 0; round < rounds; round++) {
                        value = Math.fma(value, 0.75f, 1.5f);
                    }
                    sum += value;
                }
                assertEquals(result.buffer(4L * i, 4).getFloat(0), sum, 1e-4 * sum, "sum " + i);
            }
        }
    }

    /** Wide bounds: from a slow processor behind OpenCL to more than any device has. */
    private static void requirePlausible(Optional<ProductPeak> peak) {
        double rate = peak.orElseThrow().operationsPerSecond();
        assertTrue(rate > 1e8 && rate < 1e17, peak.toString());
    }

    @Test
    public void aDeviceWithoutMatrixUnitsHasThePeakOfItsMultiplyAdds() {
        for (ComputeType type : ComputeType.values()) {
            try (GpuBackend backend = new GpuBackend(GpuFixture.openDevice(), type)) {
                Optional<ProductPeak> peak = backend.measureProductPeak();
                requirePlausible(peak);
                assertEquals(peak.get().units(), "float32 multiply-adds");
            }
        }
    }

    @Test
    public void theLibraryIsAskedWhereThereIsOne() {
        try (CudaCard card = new CudaCard()) {
            FakeCard fake =
                    card.fake()
                            .orElseThrow(
                                    () ->
                                            new SkipException(
                                                    "the library of a card counts nothing"));
            try (GpuBackend backend = new GpuBackend(card.open(), ComputeType.BFLOAT16)) {
                long before = fake.products();
                requirePlausible(backend.measureProductPeak());
                assertTrue(fake.products() > before, "no product by the library");
            }
        }
    }

    /** Units for 16 bits are faster than multiply-adds of 32 wherever there are any. */
    @Test
    public void aCardWithMatrixUnitsHasTheirPeak() {
        try (CudaCard card = new CudaCard();
                Gpu gpu = card.open()) {
            if (!gpu.hasModule("peak_cuda")) {
                throw new SkipException("no matrix units: " + gpu.info().name());
            }
            for (ComputeType type : List.of(ComputeType.BFLOAT16, ComputeType.FLOAT16)) {
                try (GpuBackend backend = new GpuBackend(card.open(), type)) {
                    Optional<ProductPeak> peak = backend.measureProductPeak();
                    requirePlausible(peak);
                    assertTrue(peak.get().units().contains("matrix units"), peak.toString());
                }
            }
        }
    }
}
