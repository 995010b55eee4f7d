/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.device.Backend;
import io.offloadstream.device.Budgets;
import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.platform.GdsStatus;
import io.offloadstream.platform.Owned;
import java.util.Optional;

/** The memory of a stream: the host's, and the device's where kernels compute in one of its own. */
final class StreamMemory implements AutoCloseable {

    private final Budgets budgets;
    private final InHostMemory host;
    private final HostGroups hostGroups;

    /** Null where kernels compute in host memory. */
    private final InDeviceMemory device;

    /** Null likewise: there is one budget then, and {@link PassMemory} gives it back. */
    private HostReclaimer reclaimer;

    /**
     * Opens the device's part.
     *
     * @param plan groups, staging
     * @param budgets who pays
     * @param backend the device, null or any other where kernels compute in host memory
     * @param pieces of each group
     * @param gdsFiles what to read by GPUDirect Storage, null to read through host memory
     * @param trace where to write what the device does, or null
     */
    StreamMemory(
            ResidencyPlan plan,
            Budgets budgets,
            Backend backend,
            Piece[][] pieces,
            WeightFiles gdsFiles,
            TraceFile trace) {
        this.budgets = budgets;
        host = new InHostMemory(plan, budgets.host());
        hostGroups = new HostGroups(plan, backend, budgets.host(), pieces);
        device =
                plan.hasDevice()
                        ? new InDeviceMemory(plan, backend, budgets, hostGroups, gdsFiles, trace)
                        : null;
    }

    /** What kernels compute in. */
    ComputeMemory compute() {
        return device == null ? host : device;
    }

    /** What rows are gathered in: the same, or beside it. */
    InHostMemory host() {
        return host;
    }

    /** What is copied to the device in each pass. */
    HostGroups hostGroups() {
        return hostGroups;
    }

    /** What GPUDirect Storage does; empty if it was not asked for. */
    Optional<GdsStatus> gds() {
        return device == null ? Optional.empty() : device.gds();
    }

    /** Registers with the budgets what can be given back. */
    void startGivingBack(Pipeline pipeline, ResidentSet residents, PassMemory passes) {
        compute().budget().addReclaimer(passes);
        if (device != null) {
            reclaimer = new HostReclaimer(pipeline, passes, residents, host, hostGroups, device);
            budgets.host().addReclaimer(reclaimer);
        }
    }

    /** Ends that. */
    void stopGivingBack(PassMemory passes) {
        compute().budget().removeReclaimer(passes);
        if (reclaimer != null) {
            budgets.host().removeReclaimer(reclaimer);
        }
    }

    /** Waits for what the device does. Slots may be freed after that. */
    void stop() {
        if (device != null) {
            device.stop();
        }
    }

    /** Frees all but the slots. */
    @Override
    public void close() {
        Owned.closeAll(hostGroups, device);
    }
}
