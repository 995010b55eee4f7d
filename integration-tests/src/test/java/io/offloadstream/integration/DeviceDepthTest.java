/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import static org.testng.Assert.assertEquals;

import io.offloadstream.model.StreamedModel;
import java.util.Map;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/**
 * A ring of several slots on a device, read ahead as far: what large gaps between stages ask for.
 */
public class DeviceDepthTest {

    @DataProvider
    Object[][] devices() {
        return TestDevices.with(new Object[][] {{3}, {4}});
    }

    @Test(dataProvider = "devices")
    public void aDeeperRingGivesTheSameBits(String backend, int slots) {
        TestDevices.require(backend);
        Goldens goldens = Goldens.reference("llama-sharded");
        Goldens.Case c = goldens.find("short");
        Map<String, String> plenty = TestDevices.plenty(backend, c.batch(), c.tokens());
        Map<String, String> deep =
                Budgets.with(
                        Budgets.with(plenty, "deviceSlots", slots), "prefetchLayers", slots - 1);
        long least = TestDevices.least(goldens.directory(), deep, "deviceMemory");
        float[] expected;
        try (StreamedModel model = TestDevices.open(goldens.directory(), plenty)) {
            expected = Runs.all(model, c).logits();
        }
        try (StreamedModel model =
                TestDevices.open(goldens.directory(), Budgets.with(deep, "deviceMemory", least))) {
            assertEquals(model.plan().slotCount(), slots);
            assertEquals(Runs.all(model, c).logits(), expected);
            assertEquals(Runs.all(model, c).logits(), expected, "once more, what was read ahead");
        }
    }
}
