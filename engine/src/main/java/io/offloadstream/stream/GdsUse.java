/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.device.Backend;
import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.GdsMode;
import io.offloadstream.platform.GdsStatus;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.Owned;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What became of {@code io=gds}: the way through it, or the reason why files are read directly and
 * copied instead. Says once when it is not what was asked for.
 */
final class GdsUse implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(GdsUse.class);

    /** Null if it is unavailable. */
    private final GdsRoute route;

    private GdsStatus last;

    private GdsUse(GdsRoute route, GdsStatus status) {
        this.route = route;
        this.last = status;
    }

    /**
     * Opens the way if there is one.
     *
     * @param plan number and size of the chunks
     * @param backend the device
     * @param budget of the device
     * @param files open for reading into host memory
     * @param copies what copies to slots
     * @return the way or its absence, for the caller to close
     * @throws io.offloadstream.platform.BudgetExceededException if there is no room for the chunks
     */
    static GdsUse open(
            ResidencyPlan plan,
            Backend backend,
            MemoryBudget budget,
            WeightFiles files,
            CopyQueue copies) {
        try {
            GdsRoute route = GdsRoute.open(plan, backend, budget, files, copies);
            GdsStatus status = route.status();
            if (status.mode() != GdsMode.DIRECT) {
                warnOfCompat(status);
            }
            return new GdsUse(route, status);
        } catch (DeviceException | UnsupportedOperationException | IOException e) {
            LOG.warn(
                    "io=gds is not available, reading by direct io and pinned copies instead: {}",
                    e.getMessage());
            return new GdsUse(null, new GdsStatus(GdsMode.UNAVAILABLE, e.getMessage()));
        }
    }

    private static void warnOfCompat(GdsStatus status) {
        LOG.warn(
                "io=gds does not pass by host memory, cuFile is in compat mode: {}; io=direct may"
                        + " be faster",
                status.reason());
    }

    /** The way for pieces that come from disk. */
    PieceRoute routeOr(PieceRoute other) {
        return route == null ? other : route;
    }

    /** How long readers waited for chunks on the device. */
    long waitNanos() {
        return route == null ? 0 : route.waitNanos();
    }

    /** The mode until now. */
    synchronized GdsStatus status() {
        if (last.mode() == GdsMode.DIRECT) {
            GdsStatus now = route.status();
            if (now.mode() != GdsMode.DIRECT) {
                warnOfCompat(now);
            }
            last = now;
        }
        return last;
    }

    /** Ends it; no copy is under way. */
    @Override
    public void close() {
        if (route != null) {
            Owned.closeAll(this::status, route);
        }
    }
}
