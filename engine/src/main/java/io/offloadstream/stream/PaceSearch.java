/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import java.util.HashSet;
import java.util.Set;

/**
 * Finds the pace at which passes take least, by the times that passes took: {@code
 * scheduler=cost-aware}.
 *
 * <p>It tries the neighbours of the best pace so far, one step of one quantity at a time: twice or
 * half the requests in flight, requests twice or half as large, a slot more or less. What gains is
 * measured once more in turn with the best, as a disk that others use too changes meanwhile. A step
 * that gains then goes on in its direction; when none does any more the search has settled. No pace
 * is tried twice, so that happens after a bounded number of passes. It starts again only when the
 * disk has become much faster or slower. Guarded by the pipeline's lock.
 *
 * <p>A slot more costs a resident group, which is read in every pass then. It is tried only where
 * readers had no free slot while the computation waited for groups, for longer than reading the
 * group would take.
 */
final class PaceSearch {

    /** Large enough for full bandwidth on any disk seen. */
    static final int MOST_REQUEST_BYTES = 8 << 20;

    /** Disks seen reach no more with more requests; each takes a thread. */
    static final int MOST_REQUESTS = 32;

    /** Each costs a resident group. */
    static final int MOST_MORE_SLOTS = 4;

    /** Passes in which a pace is measured; what disturbs one makes it slower, the best counts. */
    static final int MEASURED_PASSES = 2;

    /** A pass in which part of what is computed was read at the pace before. */
    private static final int SKIPPED_PASSES = 1;

    /** A step that gains less is not worth its memory, and may be chance. */
    static final double GAIN = 0.05;

    /** The disk is another one if its rate has changed by this factor. */
    private static final double OTHER_DISK = 1.5;

    /** Passes in a row that must say so. */
    private static final int OTHER_DISK_PASSES = 4;

    /** What is tried, in this order. */
    private enum Step {
        MORE_REQUESTS,
        FEWER_REQUESTS,
        LARGER_REQUESTS,
        SMALLER_REQUESTS,
        MORE_SLOTS,
        FEWER_SLOTS
    }

    private static final Step[] STEPS = Step.values();

    /**
     * What may be tried.
     *
     * @param mostRequests there are threads for
     * @param slotBytes size of a slot
     * @param leastSlots the ring keeps
     * @param mostSlots it may have
     */
    record Limits(int mostRequests, long slotBytes, int leastSlots, int mostSlots) {}

    private final Limits limits;
    private final Set<ReadPace> tried = new HashSet<>();
    private ReadPace pace;
    private ReadPace best;
    private PassCost bestCost;
    private ReadPace candidate;
    private PassCost candidateCost;
    private PassCost cost;
    private int step;
    private int failedSteps;
    private int passes;
    private int otherDiskPasses;
    private boolean settled;

    /**
     * Begins with a pace.
     *
     * @param first where the search begins
     * @param limits of it, or null to stay there
     */
    PaceSearch(ReadPace first, Limits limits) {
        this.limits = limits;
        pace =
                limits == null
                        ? first
                        : new ReadPace(
                                first.requests(),
                                cut(first.requests(), first.requestBytes()),
                                first.slots());
        restart();
    }

    /** Threads that can be used. */
    int mostRequests() {
        return limits == null ? pace.requests() : limits.mostRequests();
    }

    /** How to read now. */
    ReadPace pace() {
        return pace;
    }

    /** Whether the pace stays what it was at first. */
    boolean isFixed() {
        return limits == null;
    }

    /** Whether no step gained any more. */
    boolean isSettled() {
        return settled;
    }

    /**
     * Takes in what a pass has cost.
     *
     * @return whether the pace of the next pass is another one
     */
    boolean passEnded(PassCost passed) {
        if (limits == null || passed.readBytes() == 0 || passed.streamedBytes() == 0) {
            return false;
        }
        if (settled) {
            watch(passed);
            return false;
        }
        passes++;
        if (passes <= SKIPPED_PASSES) {
            return false;
        }
        int requests = pace.requests();
        if (cost == null || passed.nanosPerByte(requests) < cost.nanosPerByte(requests)) {
            cost = passed;
        }
        if (passes < SKIPPED_PASSES + MEASURED_PASSES) {
            return false;
        }
        ReadPace before = pace;
        judge();
        if (candidate == null) {
            propose();
        } else {
            // in turn, so that a disk that changes meanwhile does not decide
            pace = pace.equals(best) ? candidate : best;
        }
        passes = 0;
        cost = null;
        return !pace.equals(before);
    }

    /** Decides by what was just measured; {@link #propose} is called when no candidate is left. */
    private void judge() {
        if (bestCost == null) {
            bestCost = cost;
        } else if (candidate == null) {
            if (gains(pace, cost)) {
                candidate = pace;
                candidateCost = cost;
            } else {
                nextStep();
            }
        } else if (pace.equals(best)) {
            bestCost = cost;
            if (!gains(candidate, candidateCost)) {
                refuse();
            }
        } else if (gains(candidate, cost)) {
            best = candidate;
            bestCost = cost;
            failedSteps = 0;
            candidate = null;
        } else {
            refuse();
        }
    }

    private void refuse() {
        candidate = null;
        nextStep();
    }

    private boolean gains(ReadPace other, PassCost otherCost) {
        double before = bestCost.nanosPerByte(best.requests());
        return otherCost.nanosPerByte(other.requests()) < before * (1 - GAIN);
    }

    private void nextStep() {
        step = (step + 1) % STEPS.length;
        failedSteps++;
    }

    /** Sets the pace to the next neighbour of the best, or to the best if there is none. */
    private void propose() {
        while (failedSteps < STEPS.length) {
            ReadPace next = neighbour(STEPS[step]);
            if (next != null && tried.add(next)) {
                pace = next;
                return;
            }
            nextStep();
        }
        pace = best;
        settled = true;
    }

    private ReadPace neighbour(Step kind) {
        int requests = best.requests();
        int size = best.requestBytes();
        int slots = best.slots();
        return switch (kind) {
            case MORE_REQUESTS -> pace(2 * requests, size, slots);
            case FEWER_REQUESTS -> pace(requests / 2, size, slots);
            case LARGER_REQUESTS -> pace(requests, 2 * size, slots);
            case SMALLER_REQUESTS -> pace(requests, size / 2, slots);
            case MORE_SLOTS -> lacksSlots() ? pace(requests, size, slots + 1) : null;
            case FEWER_SLOTS -> pace(requests, size, slots - 1);
        };
    }

    /** A pace within the limits, or null. */
    private ReadPace pace(int requests, int requestBytes, int slots) {
        boolean isAllowed =
                requests >= 1
                        && requests <= limits.mostRequests()
                        && requestBytes >= Piece.LEAST_BYTES
                        && requestBytes <= MOST_REQUEST_BYTES
                        && slots >= limits.leastSlots()
                        && slots <= limits.mostSlots();
        return isAllowed ? new ReadPace(requests, cut(requests, requestBytes), slots) : null;
    }

    /** What a request asks for: no more than a reader's share of a group. */
    private int cut(int requests, int requestBytes) {
        return Piece.wantedBytes(limits.slotBytes(), requests, requestBytes);
    }

    /** Whether readers stood still while the computation waited, longer than a slot more costs. */
    private boolean lacksSlots() {
        double read = bestCost.streamNanos();
        double all = read + bestCost.idleNanos();
        double moreBytes = (double) limits.slotBytes() / bestCost.streamedBytes();
        boolean pays = read * (1 + moreBytes) < all * (1 - GAIN);
        return pays && bestCost.waitNanos() > all / best.requests() * GAIN;
    }

    /** Starts again when the disk has become another one. */
    private void watch(PassCost passed) {
        double change =
                passed.readNanosPerByte(pace.requests())
                        / bestCost.readNanosPerByte(best.requests());
        boolean other = change > OTHER_DISK || change < 1 / OTHER_DISK;
        otherDiskPasses = other ? otherDiskPasses + 1 : 0;
        if (otherDiskPasses == OTHER_DISK_PASSES) {
            restart();
        }
    }

    private void restart() {
        settled = limits == null;
        best = pace;
        bestCost = null;
        candidate = null;
        cost = null;
        step = 0;
        failedSteps = 0;
        passes = 0;
        otherDiskPasses = 0;
        tried.clear();
        tried.add(pace);
    }
}
