/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import io.offloadstream.quant.Packing;
import io.offloadstream.quant.Quantization;
import java.nio.file.Path;
import java.util.Map;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** The option {@code computeType=bfloat16} on the CPU: what it costs, what it does not change. */
public class Bf16ActivationsTest extends ActivationsFixture {

    public Bf16ActivationsTest() {
        super("bfloat16");
    }

    @DataProvider
    Object[][] models() {
        return new Object[][] {{"llama-tiny"}, {"qwen2-tiny"}};
    }

    /** A losslessly packed copy has the logits of the original, to the bit. */
    @Test
    public void aTrainedModelLosesLittleAndPackedNoMore() {
        Path directory = Goldens.shared().resolve("models/storyteller");
        Goldens goldens = Goldens.of(directory, directory.resolve("expected"));
        try (ScratchDirectory scratch = new ScratchDirectory("bf16")) {
            Path copy = convert(directory, scratch, Quantization.NONE, Packing.LOSSLESS);
            for (Goldens.Case c : goldens.cases()) {
                int[] ids = tokens(c);
                Map<String, String> options = plenty(1, ids.length);
                Map<String, String> bf16 = rounded(options);
                float[] exact = steps(directory, options, ids, ids.length);
                float[] rounded = steps(directory, bf16, ids, ids.length);
                String what = "storyteller " + c.name();
                requireSmallError(what, ids.length, exact, rounded, 0.01, 1e-4);
                assertEquals(steps(copy, bf16, ids, ids.length), rounded, "packed");
                assertEquals(steps(copy, bf16, ids, PROMPT), rounded, "packed, by tokens");
            }
        }
    }

    @Test(dataProvider = "models")
    public void streamingThreadsAndStepsChangeNoBit(String name) {
        Goldens goldens = Goldens.reference(name);
        Goldens.Case c = goldens.find("long");
        float[] resident = requireSameBits(goldens.directory(), c);
        float[] exact = logits(goldens.directory(), c, plenty(c.batch(), c.tokens()));
        assertTrue(Closeness.relative(resident, exact) < 0.02, "error");
    }

    @Test(dataProvider = "models")
    public void theLeastBudgetHoldsTheActivations(String name) {
        Goldens goldens = Goldens.reference(name);
        requireLeastBudgetHoldsActivations(goldens.directory(), goldens.find("long"));
    }

    /** Its norms are bfloat16 still. */
    @Test
    public void aModelWithoutMatricesOfBf16IsRefused() {
        Path directory = Goldens.shared().resolve("models/storyteller");
        try (ScratchDirectory scratch = new ScratchDirectory("bf16")) {
            Path copy = convert(directory, scratch, Quantization.INT8, Packing.NONE);
            requireRefusal(copy, plenty(1, 9), "computeType=bfloat16", "computeType=int8");
        }
    }
}
