/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.plan.WeightGroup;
import io.offloadstream.plan.WeightGroup.Access;
import io.offloadstream.stream.StreamOptions.SchedulerKind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The pace of a stream: fixed by the options, or looked for between passes. Guarded by the
 * pipeline's lock.
 */
final class Pacing {

    private static final Logger LOG = LoggerFactory.getLogger(Pacing.class);

    private final ResidencyPlan plan;
    private final WeightFiles files;
    private final TraceFile trace;
    private final PaceSearch search;
    private ReadPace cutFor;
    private Piece[][] pieces;
    private boolean changed = true;

    /**
     * Begins with what the options say.
     *
     * @param trace where decisions are written, or null
     */
    Pacing(ResidencyPlan plan, StreamOptions options, WeightFiles files, TraceFile trace) {
        this.plan = plan;
        this.files = files;
        this.trace = trace;
        search = search(plan, options);
        cut();
    }

    private void cut() {
        cutFor = pace();
        pieces = Piece.cut(plan, files, cutFor);
    }

    /** A search where groups stream through host memory; else what the options say. */
    static PaceSearch search(ResidencyPlan plan, StreamOptions options) {
        int requests = options.readThreads();
        ReadPace first = new ReadPace(requests, Piece.USUAL_BYTES, plan.slotCount());
        boolean isSearched =
                options.scheduler() == SchedulerKind.COST_AWARE
                        && options.prefetchLayers() > 0
                        && !plan.hasDevice()
                        && plan.slotCount() > 0;
        if (!isSearched) {
            return new PaceSearch(first, null);
        }
        long pinnedBytes = 0;
        for (WeightGroup group : plan.pinned()) {
            boolean isStreamed = group.access() == Access.STREAMED;
            pinnedBytes += isStreamed ? plan.extents(group.index()).slotBytes() : 0;
        }
        int more = (int) Math.min(pinnedBytes / plan.slotBytes(), PaceSearch.MOST_MORE_SLOTS);
        return new PaceSearch(
                first,
                new PaceSearch.Limits(
                        Math.max(requests, PaceSearch.MOST_REQUESTS),
                        plan.slotBytes(),
                        Math.max(plan.wholes().mostParts(), Math.min(2, plan.slotCount())),
                        plan.slotCount() + more));
    }

    /** How many threads read. */
    int threads() {
        return search.mostRequests();
    }

    ReadPace pace() {
        return search.pace();
    }

    boolean isSettled() {
        return search.isSettled();
    }

    Piece[][] pieces() {
        return pieces;
    }

    /** How many slots the ring should have; 0 if nobody looks for a number. */
    int wantedSlots() {
        return search.isFixed() ? 0 : pace().slots();
    }

    /** Makes what has been decided since take effect. Called between passes. */
    void apply(Pipeline pipeline) {
        if (changed) {
            changed = false;
            if (!pace().equals(cutFor)) {
                cut();
            }
            pipeline.setPace(plan.isMapped() ? 0 : pace().requests(), pieces);
        }
    }

    /** Takes in what a pass that ran to its end has cost. */
    void passEnded(PassCost cost) {
        boolean before = isSettled();
        changed |= search.passEnded(cost);
        if (changed || before != isSettled()) {
            String text = (isSettled() ? "settled: " : "try: ") + pace();
            LOG.debug("{} after {}", text, cost);
            if (trace != null) {
                trace.event(TraceFile.COMPUTE_TRACK, text, System.nanoTime(), 0, 0);
            }
        }
    }
}
