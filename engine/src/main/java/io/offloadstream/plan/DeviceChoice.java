/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.plan;

import java.util.List;

/**
 * What was decided for a device's budget.
 *
 * @param terms everything that is charged to it
 * @param leastBytes the least budget that works
 * @param hostGroups what waits in host memory to be copied in each pass
 * @param layouts of groups on the device, by index
 * @param stagingCount pinned chunks
 * @param stagingBytes size of a pinned chunk
 */
record DeviceChoice(
        PlanTerms terms,
        long leastBytes,
        List<WeightGroup> hostGroups,
        List<DeviceLayout> layouts,
        int stagingCount,
        long stagingBytes) {

    /** Copies the lists. */
    DeviceChoice {
        hostGroups = List.copyOf(hostGroups);
        layouts = List.copyOf(layouts);
    }
}
