/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.zoo;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.expectThrows;

import io.offloadstream.model.ModelOptions;
import io.offloadstream.model.ModelPlan;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.platform.BudgetExceededException;
import io.offloadstream.platform.Storage;
import java.util.HashMap;
import java.util.Map;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import org.testng.annotations.Test;

/** A model and its sessions without DJL. */
public class StreamedModelTest {

    private TinyModel tiny;

    @BeforeClass
    public void create() {
        tiny = new TinyModel();
    }

    @AfterClass(alwaysRun = true)
    public void delete() {
        tiny.close();
    }

    private static ModelOptions options(String... namesAndValues) {
        Map<String, String> options = new HashMap<>();
        options.put("hostMemory", "64MB");
        options.put("maxSequenceLength", "200");
        for (int i = 0; i < namesAndValues.length; i += 2) {
            options.put(namesAndValues[i], namesAndValues[i + 1]);
        }
        return ModelOptions.parse(options);
    }

    @Test
    public void theLeastMemoryIsThatOfTheIoThatWasAskedFor() {
        for (String io : new String[] {"auto", "mmap", "direct", "buffered"}) {
            ModelPlan plan =
                    ModelPlan.of(tiny.directory(), options("io", io), Storage.local());
            long least = plan.leastBytes();
            ModelOptions exact = options("io", io, "hostMemory", Long.toString(least));
            StreamedModel.open(tiny.directory(), exact).close();
            ModelOptions less = options("io", io, "hostMemory", Long.toString(least - 1));
            BudgetExceededException e =
                    expectThrows(
                            io,
                            BudgetExceededException.class,
                            () -> StreamedModel.open(tiny.directory(), less).close());
            assertEquals(e.requestedBytes(), least, io);
        }
    }
}
