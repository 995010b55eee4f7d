/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import io.offloadstream.model.StreamedModel;
import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.plan.WeightGroup;
import io.offloadstream.stream.StreamStats;
import java.util.List;

/** Checks from the statistics that a pass read what the plan says, and nothing else. */
final class PassReads {

    private PassReads() {}

    /** Holds for the last pass, which had the head, after a first one made the groups resident. */
    static void assertOnlyPlannedGroupsWereRead(StreamedModel model) {
        ResidencyPlan plan = model.plan();
        StreamStats stats = model.stats();
        List<Integer> planned =
                plan.groups().stream()
                        .filter(group -> group.access() == WeightGroup.Access.STREAMED)
                        .map(WeightGroup::index)
                        .filter(group -> !plan.isResident(group))
                        .toList();
        StreamStats.PassRecord last = stats.recentPasses().get(stats.recentPasses().size() - 1);
        assertTrue(last.isComplete(), "complete");
        if (stats.reclaimedGroups() == 0) {
            assertEquals(last.groupsRead(), planned, "groups read");
            assertEquals(last.bytes(), plan.streamedBytesPerPass(), "bytes read");
        } else {
            assertTrue(last.groupsRead().containsAll(planned), "groups read " + last);
        }
    }
}
