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
        StreamStats.PassRecord last = last(model.stats());
        assertEquals(last.groupsRead(), streamed(model.plan()), "groups read");
        assertEquals(last.bytes(), model.plan().streamedBytesPerPass(), "bytes read");
    }

    /** Holds when outputs took memory that the plan had for groups: those that stream always do. */
    static void assertPlannedGroupsWereRead(StreamedModel model) {
        StreamStats.PassRecord last = last(model.stats());
        assertTrue(last.groupsRead().containsAll(streamed(model.plan())), "groups read " + last);
    }

    /** The last pass, which must have run to its end. */
    static StreamStats.PassRecord last(StreamStats stats) {
        List<StreamStats.PassRecord> passes = stats.recentPasses();
        StreamStats.PassRecord last = passes.get(passes.size() - 1);
        assertTrue(last.isComplete(), "complete");
        return last;
    }

    /** The groups that each pass reads from disk. */
    static List<Integer> streamed(ResidencyPlan plan) {
        return plan.groups().stream()
                .filter(group -> group.access() == WeightGroup.Access.STREAMED)
                .filter(group -> !plan.hostGroups().contains(group))
                .map(WeightGroup::index)
                .filter(group -> !plan.isResident(group))
                .toList();
    }
}
