/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import io.offloadstream.model.StreamedModel;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/**
 * Every reference decoder on a device: the original's numbers and tokens, the same bits wherever
 * weights and cache are and however they get there.
 */
public class DeviceResidencyTest {

    private static final int NEW_TOKENS = 24;

    @DataProvider
    Object[][] models() {
        return TestDevices.with(TestModels.references());
    }

    /** Weights on the device, kept by the host, streamed from disk; the cache on the host. */
    private static Map<String, Map<String, String>> places(
            Path directory, Map<String, String> plenty) {
        long device = TestDevices.least(directory, plenty, "deviceMemory");
        Map<String, String> small = Budgets.with(plenty, "deviceMemory", device);
        Map<String, String> cacheOnHost = Budgets.with(plenty, "kvCachePlacement", "host");
        Map<String, Map<String, String>> places = new LinkedHashMap<>();
        places.put("on the device", plenty);
        places.put("kept by the host", small);
        long host = TestDevices.least(directory, small, "hostMemory");
        places.put("from disk", Budgets.with(small, "hostMemory", host + (4 << 20)));
        places.put("from disk, buffered", Budgets.with(places.get("from disk"), "io", "buffered"));
        places.put("cache on the host", cacheOnHost);
        return places;
    }

    @Test(dataProvider = "models")
    public void numbersAreTheOriginalsAndTheSameBitsEverywhere(String backend, String name) {
        TestDevices.require(backend);
        Goldens goldens = Goldens.reference(name);
        for (Goldens.Case c : goldens.cases()) {
            Map<String, String> plenty = TestDevices.plenty(backend, c.batch(), c.tokens());
            float[] first = null;
            for (Map.Entry<String, Map<String, String>> place :
                    places(goldens.directory(), plenty).entrySet()) {
                String what = name + " " + c.name() + ", " + place.getKey();
                try (StreamedModel model =
                        TestDevices.open(goldens.directory(), place.getValue())) {
                    float[] logits = Runs.all(model, c).logits();
                    first = first == null ? logits : first;
                    Closeness.assertClose(
                            logits, goldens.tensor(c.key("logits")), c.mask(), what);
                    assertEquals(logits, first, what);
                    assertEquals(Runs.all(model, c).logits(), first, what + ", again");
                    assertTrue(model.backendName().startsWith(backend), model.backendName());
                }
            }
        }
    }

    @Test(dataProvider = "models")
    public void greedyTokensAreTheReferences(String backend, String name) {
        TestDevices.require(backend);
        Goldens goldens = Goldens.reference(name);
        for (Goldens.Case c : goldens.cases()) {
            if (!c.has("greedy_new_tokens")) {
                continue;
            }
            Map<String, String> plenty =
                    TestDevices.plenty(backend, 1, c.tokens() + NEW_TOKENS);
            for (Map.Entry<String, Map<String, String>> place :
                    places(goldens.directory(), plenty).entrySet()) {
                try (StreamedModel model =
                        TestDevices.open(goldens.directory(), place.getValue())) {
                    assertEquals(
                            Runs.greedy(model, c.inputIds(), NEW_TOKENS),
                            c.greedyNewTokens(),
                            name + " " + c.name() + ", " + place.getKey());
                }
            }
        }
    }
}
