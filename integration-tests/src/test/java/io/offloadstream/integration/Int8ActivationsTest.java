/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.model.ModelOptions;
import io.offloadstream.quant.Packing;
import io.offloadstream.quant.Quantization;
import java.nio.file.Path;
import java.util.Map;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** The option {@code computeType=int8}: what it costs in error, and what it does not change. */
public class Int8ActivationsTest extends ActivationsFixture {

    public Int8ActivationsTest() {
        super("int8");
    }

    @DataProvider
    Object[][] models() {
        return TestModels.references();
    }

    @DataProvider
    Object[][] limits() {
        return new Object[][] {{"int8", 0.02, 0.0005}, {"int4", 0.03, 0.001}};
    }

    /** Against float32 activations of the same weights, quantised on load. */
    @Test(dataProvider = "limits")
    public void aTrainedModelLosesLittle(String quantize, double relativeLimit, double limit) {
        Path directory = Goldens.shared().resolve("models/storyteller");
        Goldens goldens = Goldens.of(directory, directory.resolve("expected"));
        for (Goldens.Case c : goldens.cases()) {
            int[] ids = tokens(c);
            Map<String, String> options =
                    Budgets.with(Budgets.plenty(1, ids.length, "auto"), "quantize", quantize);
            float[] exact = steps(directory, options, ids, ids.length);
            float[] rounded = steps(directory, rounded(options), ids, ids.length);
            String what = "storyteller " + c.name() + ", " + quantize + " weights";
            requireSmallError(what, ids.length, exact, rounded, relativeLimit, limit);
        }
    }

    /** Some of these have matrices that no block fits, beside those in blocks. */
    @Test(dataProvider = "models")
    public void streamingThreadsAndStepsChangeNoBit(String name) {
        Goldens goldens = Goldens.reference(name);
        for (Quantization quantization :
                new Quantization[] {Quantization.INT8, Quantization.INT4}) {
            try (ScratchDirectory scratch = new ScratchDirectory("int8")) {
                Path copy = convert(goldens.directory(), scratch, quantization, Packing.NONE);
                requireSameBits(copy, goldens.find("long"));
            }
        }
    }

    @Test(dataProvider = "models")
    public void theLeastBudgetHoldsTheActivations(String name) {
        Goldens goldens = Goldens.reference(name);
        try (ScratchDirectory scratch = new ScratchDirectory("int8")) {
            Path copy = convert(goldens.directory(), scratch, Quantization.INT8, Packing.NONE);
            requireLeastBudgetHoldsActivations(copy, goldens.find("long"));
        }
    }

    @Test
    public void aModelWithoutBlocksIsRefused() {
        Path directory = Goldens.reference("llama-tiny").directory();
        Map<String, String> options = Budgets.plenty(1, 9, "auto");
        requireRefusal(directory, options, "computeType=int8", "quantize=int8");
        Map<String, String> quantized = Budgets.with(options, "quantize", "int4");
        TestDevices.open(directory, rounded(quantized)).close();
    }

    @Test
    public void aDeviceIsRefused() {
        for (String backend : TestDevices.BACKENDS) {
            IllegalArgumentException refusal =
                    expectThrows(
                            IllegalArgumentException.class,
                            () -> ModelOptions.parse(Map.of("backend", backend, OPTION, "int8")));
            assertTrue(refusal.getMessage().contains("backend=cpu"), "" + refusal);
        }
    }
}
