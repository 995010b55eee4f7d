/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import static org.testng.Assert.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.testng.SkipException;
import org.testng.annotations.Test;

/** Whole models with {@code backend=cuda}, on a driver that poses and computes by OpenCL. */
public class CudaModelTest {

    @Test
    public void aStorytellerGivesOpenClsBits() {
        Path root = Path.of(System.getProperty("offloadstream.root"));
        check(root.resolve("examples/src/main/resources/storyteller"));
    }

    @Test
    public void referenceModelsGiveOpenClsBits() {
        for (String name : TestModels.REFERENCES) {
            check(Goldens.reference(name).directory());
        }
    }

    private static void check(Path model) {
        TestDevices.require("opencl");
        Path libraries = Path.of(System.getProperty("offloadstream.fakes"), "linux-x86-64");
        if (!Files.exists(libraries.resolve("libfakecuda.so"))) {
            throw new SkipException(
                    "no fake CUDA: built without a C compiler, or not on x86 Linux");
        }
        ChildJvm.Ended child =
                ChildJvm.run(CudaRun.class, List.of(model.toString(), libraries.toString()));
        assertEquals(child.exitCode(), 0, model + ": [" + child.output() + "] " + child.errors());
        assertEquals(child.output(), "KV on the host, disk, host groups, resident", "" + model);
    }
}
