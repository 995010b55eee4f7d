/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import io.offloadstream.ops.ComputeType;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.testng.Reporter;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** Whole models with {@code backend=cuda}, on a driver that poses and computes by OpenCL. */
public class CudaModelTest {

    private static final String STORYTELLER = "storyteller";

    /** Sums in another order: none of what rounding does. */
    private static final double ORDER_LIMIT = 1e-5;

    /** Models, and the type that their weights round activations to, or null. */
    @DataProvider
    Object[][] models() {
        return new Object[][] {
            {STORYTELLER, ComputeType.BFLOAT16},
            {"llama-tiny", ComputeType.BFLOAT16},
            {"qwen2-tiny", ComputeType.BFLOAT16},
            {"llama-sharded", ComputeType.FLOAT16},
            {"mistral-tiny", ComputeType.FLOAT16},
            {"gpt2-tiny", null},
        };
    }

    private static Path directory(String name) {
        return name.equals(STORYTELLER)
                ? Path.of(System.getProperty("offloadstream.root"))
                        .resolve("examples/src/main/resources/storyteller")
                : Goldens.reference(name).directory();
    }

    @Test(dataProvider = "models")
    public void givesOpenClsBitsAndRoundsAsAsked(String name, ComputeType rounded) {
        String libraries = FakeCuda.libraries().toString();
        ChildJvm.Ended child =
                ChildJvm.run(CudaRun.class, List.of(directory(name).toString(), libraries));
        assertEquals(child.exitCode(), 0, name + ": [" + child.output() + "] " + child.errors());
        CudaRun.Findings findings = CudaRun.Findings.parse(child.output());
        assertEquals(findings.same(), "GDS, KV on the host, disk, host groups, resident", name);
        assertEquals(findings.errors().size(), 2, name);
        findings.errors()
                .forEach((type, error) -> requireError(name, type, error, type == rounded));
    }

    /** What docs/devices.md says of precision. */
    private static void requireError(
            String name, ComputeType type, CudaRun.Rounding error, boolean isRounded) {
        String what =
                String.format(
                        Locale.ROOT,
                        "%s, computeType=%s: relative logit error %.6f, KL divergence %.9f",
                        name,
                        type,
                        error.relative(),
                        error.divergence());
        Reporter.log(what, true);
        if (isRounded) {
            boolean isHalf = type == ComputeType.FLOAT16;
            assertTrue(error.relative() > ORDER_LIMIT, what);
            assertTrue(error.relative() < (isHalf ? 0.002 : 0.01), what);
            assertTrue(error.divergence() < (isHalf ? 2e-5 : 5e-4), what);
        } else {
            assertTrue(error.relative() < ORDER_LIMIT, what);
        }
    }

    @Test
    public void predictorsAreOnTheCardOfTheModel() {
        String libraries = FakeCuda.libraries().toString();
        ChildJvm.Ended child =
                ChildJvm.run(
                        CudaPredictorRun.class,
                        List.of(directory(STORYTELLER).toString(), libraries));
        assertEquals(child.exitCode(), 0, child.errors());
        assertEquals(
                child.output(),
                "gpu(0), arrays cpu(); device gpu(1): model storyteller is on gpu(0), and so are its"
                        + " predictors; load it with optDevice for another; not loaded: cpu()");
    }
}
