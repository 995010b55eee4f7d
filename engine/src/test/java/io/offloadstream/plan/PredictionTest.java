/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.plan;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertTrue;

import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.plan.PlanRequest.Mapping;
import io.offloadstream.plan.WeightGroup.Access;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.testng.annotations.Test;

public class PredictionTest {

    private static final int GROUPS = 5;
    private static final long GROUP_BYTES = 10_000_000;

    /** The bus is the slowest. */
    private static final Bandwidths RATES = new Bandwidths(1e12, 1e12, 1e9, 1e12);

    /** All groups come over the bus in each pass. */
    private static ResidencyPlan plan(long cacheBytes) {
        List<WeightGroup> groups = new ArrayList<>();
        for (int i = 0; i < GROUPS; i++) {
            TensorEntry tensor =
                    new TensorEntry(
                            "w" + i,
                            "U8",
                            new long[] {1, GROUP_BYTES},
                            Path.of("weights"),
                            i * GROUP_BYTES,
                            GROUP_BYTES);
            groups.add(new WeightGroup(i, "group." + i, Access.STREAMED, List.of(tensor)));
        }
        DeviceRequest device =
                new DeviceRequest(
                        3 * GROUP_BYTES,
                        List.of(),
                        size -> size,
                        2,
                        2,
                        2,
                        2,
                        0,
                        GROUPS,
                        0,
                        GROUP_BYTES,
                        cacheBytes,
                        RATES);
        return ResidencyPlanner.plan(
                new PlanRequest(groups, List.of(), 1 << 30, 1, 1, 1, Mapping.NEVER, 0, device));
    }

    @Test
    public void keysAndValuesOnTheHostTakeTimeOnTheBusToo() {
        Prediction weights = Prediction.of(plan(0), RATES);
        assertEquals(weights.bottleneck().bytes(), GROUPS * GROUP_BYTES);
        assertEquals(weights.seconds(), 0.05);
        assertFalse(weights.toString().contains("keys and values"), weights.toString());

        Prediction both = Prediction.of(plan(30_000_000), RATES);
        assertEquals(both.bottleneck().name(), "bus");
        assertEquals(both.seconds(), 0.08);
        assertEquals(both.copiedWeightBytes().orElseThrow(), GROUPS * GROUP_BYTES);
        String text = both.toString();
        assertTrue(text.contains("of the bus, 30.00 MB are keys and values"), text);
    }
}
