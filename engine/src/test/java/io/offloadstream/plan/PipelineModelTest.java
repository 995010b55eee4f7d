/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.plan;

import static org.testng.Assert.assertEquals;

import io.offloadstream.plan.PipelineModel.Stages;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.testng.annotations.Test;

public class PipelineModelTest {

    private static final double EXACT = 1e-9;

    private static List<Stages> groups(int count, Stages... period) {
        List<Stages> groups = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Collections.addAll(groups, period);
        }
        return groups;
    }

    @Test
    public void oneSlotDoesOneThingAtATimeAndTwoHideTheFaster() {
        List<Stages> groups = groups(10, new Stages(0, 3, 2));
        assertEquals(PipelineModel.seconds(groups, 1), 50, EXACT);
        assertEquals(PipelineModel.seconds(groups, 2), 30, EXACT);
        assertEquals(PipelineModel.seconds(groups, 5), 30, EXACT);
    }

    @Test
    public void whatStaysOnTheDeviceOnlyComputes() {
        assertEquals(PipelineModel.seconds(groups(7, new Stages(0, 0, 2)), 1), 14, EXACT);
    }

    /** Reads of 8 beside copies of 1: two slots leave the disk idle while groups pass from RAM. */
    @Test
    public void aReadNeedsASlotBesideThoseOfTheHost() {
        Stages read = new Stages(8, 1, 0.5);
        Stages kept = new Stages(0, 1, 0.5);
        List<Stages> groups = groups(6, read, kept, kept, kept);
        double two = PipelineModel.seconds(groups, 2);
        double four = PipelineModel.seconds(groups, 4);
        double five = PipelineModel.seconds(groups, 5);
        assertEquals(five, 48, 1, "the disk is always busy");
        if (!(two > four && four >= five)) {
            throw new AssertionError(two + ", " + four + ", " + five);
        }
    }
}
