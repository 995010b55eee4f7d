/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.device.Backend;
import io.offloadstream.device.Budgets;
import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.plan.SlotLayout;
import io.offloadstream.plan.WeightGroup;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.GdsStatus;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.Owned;
import io.offloadstream.stream.DeviceTimeline.Span;
import io.offloadstream.stream.DeviceTimeline.Track;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Slots on a device that has memory of its own. Readers enqueue the copies; the compute stream
 * waits for them, and they wait for it, by events: no thread of the host waits in a pass.
 */
final class InDeviceMemory implements ComputeMemory, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(InDeviceMemory.class);

    private final ResidencyPlan plan;
    private final Backend backend;
    private final Budgets budgets;
    private final DeviceStream compute;
    private final DeviceTimeline timeline;
    private final CopyQueue copies;
    private final StagingRing staging;
    private final PieceRoute route;

    /** Null if it was not asked for. */
    private final GdsUse gds;

    /**
     * Opens the copy stream and allocates the staging.
     *
     * @param plan layouts, staging
     * @param backend the device
     * @param budgets who pays
     * @param hostGroups what host memory keeps
     * @param gdsFiles what to read by GPUDirect Storage, null to read through host memory
     * @param trace where to write what the device does, or null
     */
    InDeviceMemory(
            ResidencyPlan plan,
            Backend backend,
            Budgets budgets,
            HostGroups hostGroups,
            WeightFiles gdsFiles,
            TraceFile trace) {
        if (plan.stagingCount() < 1) {
            throw new IllegalArgumentException(
                    "a plan for a device needs staging: pinnedSlots is " + plan.stagingCount());
        }
        this.plan = plan;
        this.backend = backend;
        this.budgets = budgets;
        compute = backend.computeStream();
        try (Owned opened = new Owned()) {
            DeviceStream stream = opened.own(backend.newStream("weights"));
            timeline = new DeviceTimeline(trace == null ? null : new DeviceTrace(trace, stream));
            copies = new CopyQueue(stream, compute, timeline);
            staging =
                    opened.own(
                            new StagingRing(
                                    plan.stagingCount(),
                                    () ->
                                            backend.allocateHost(
                                                    budgets.host(),
                                                    "pinned staging",
                                                    plan.stagingBytes()),
                                    copies));
            gds =
                    gdsFiles == null
                            ? null
                            : GdsUse.open(plan, backend, budgets.device(), gdsFiles, copies);
            opened.release();
        }
        StagedRoute staged = new StagedRoute(staging, copies);
        PieceRoute fromDisk = gds == null ? staged : gds.routeOr(staged);
        route = new HostGroupRoute(hostGroups, copies, staged, fromDisk);
    }

    @Override
    public MemoryBudget budget() {
        return budgets.device();
    }

    @Override
    public long chargedBytes(long sizeBytes) {
        return backend.chargedBytes(sizeBytes);
    }

    @Override
    public SlotLayout layout(int group) {
        return plan.layout(group);
    }

    @Override
    public Slot newSlot(String purpose, long sizeBytes) {
        return new Slot(this, backend.allocate(budgets.device(), purpose, sizeBytes), null);
    }

    @Override
    public PieceRoute route() {
        return route;
    }

    @Override
    public AutoCloseable use(Slot slot, WeightGroup group) {
        timeline.update();
        slot.events().awaitReady(compute);
        Span span = timeline.begin(Track.COMPUTE, compute, group.name());
        return () -> endUse(slot, group, span);
    }

    private void endUse(Slot slot, WeightGroup group, Span span) {
        boolean ended = false;
        try {
            SharedEvent end = new SharedEvent(compute.record());
            timeline.end(span, end.share(), group.sizeBytes());
            slot.events().freed(end);
            // copies into the slot wait for it: it must get to the device even if nothing follows
            compute.flush();
            ended = true;
        } finally {
            if (!ended) {
                timeline.abandon(span);
                copies.failed();
                awaitComputation();
            }
        }
    }

    /**
     * Waits for a computation whose end is in no event: readers fill the slot as soon as its lease
     * has ended, and who needs memory frees it, neither of them waiting for the next pass.
     */
    private void awaitComputation() {
        try {
            compute.synchronize();
        } catch (DeviceException e) {
            LOG.debug("the compute stream, whose event was refused", e);
        }
    }

    @Override
    public void beforePass(boolean afterFailure) {
        copies.recover(timeline.takeFailure() || afterFailure);
    }

    @Override
    public void free(List<Slot> slots) {
        if (!slots.isEmpty()) {
            copies.settle();
            slots.forEach(slot -> slot.events().awaitUnused());
            slots.forEach(Slot::close);
        }
    }

    /** Frees host memory that copies may still read. */
    void freeHost(List<HostMemory> memory) {
        if (!memory.isEmpty()) {
            copies.settle();
            memory.forEach(HostMemory::close);
        }
    }

    @Override
    public DeviceTimes times() {
        timeline.update();
        return new DeviceTimes(
                true,
                copies.stage(timeline.copyNanos(), waitNanos()),
                timeline.computeNanos(),
                timeline.comparedNanos(),
                timeline.overlappedNanos());
    }

    private long waitNanos() {
        return staging.waitNanos() + (gds == null ? 0 : gds.waitNanos());
    }

    /** What GPUDirect Storage does; empty if it was not asked for. */
    Optional<GdsStatus> gds() {
        return Optional.ofNullable(gds).map(GdsUse::status);
    }

    /** Waits for both streams. What they use may be freed after that. */
    void stop() {
        copies.recover(true);
    }

    /** Frees the staging and the copy stream, which has been {@link #stop stopped}. */
    @Override
    public void close() {
        Owned.closeAll(timeline, staging, gds, copies);
    }
}
