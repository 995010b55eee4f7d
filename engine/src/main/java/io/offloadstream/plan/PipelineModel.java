/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.plan;

import java.util.List;

/**
 * How long a pass takes on a device when the ring has so many slots: disk, bus and kernels work
 * beside each other, but a group's copy waits for a slot, and a slot for the kernels of the group
 * that had it. {@link Prediction} is what is left of that where there are slots enough.
 */
final class PipelineModel {

    /** The first passes fill the pipeline. */
    private static final int PASSES = 3;

    /**
     * A group on its way through a pass, in seconds.
     *
     * @param read from disk, 0 if it is not
     * @param copied over the bus, 0 if it stays on the device
     * @param computed by kernels that are bound by the device's memory
     */
    record Stages(double read, double copied, double computed) {}

    private PipelineModel() {}

    /**
     * Returns how long a pass takes that follows others.
     *
     * @param groups in the order of a pass
     * @param slots of the ring, at least 1
     * @return seconds
     */
    static double seconds(List<Stages> groups, int slots) {
        double[] slotFree = new double[slots];
        int next = 0;
        double diskFree = 0;
        double busFree = 0;
        double computeFree = 0;
        double lastPass = 0;
        for (int pass = 0; pass < PASSES; pass++) {
            lastPass = computeFree;
            for (Stages group : groups) {
                if (group.copied() == 0) {
                    computeFree += group.computed();
                    continue;
                }
                int slot = next++ % slots;
                // pieces are copied while others are read, so the later of the two counts
                diskFree = Math.max(diskFree, slotFree[slot]) + group.read();
                busFree = Math.max(busFree, slotFree[slot]) + group.copied();
                double ready = group.read() == 0 ? busFree : Math.max(busFree, diskFree);
                computeFree = Math.max(computeFree, ready) + group.computed();
                slotFree[slot] = computeFree;
            }
        }
        return computeFree - lastPass;
    }
}
