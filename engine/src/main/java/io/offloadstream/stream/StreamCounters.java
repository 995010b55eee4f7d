/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.platform.GdsMode;
import io.offloadstream.platform.GdsStatus;
import io.offloadstream.stream.StreamStats.ComputeStage;
import io.offloadstream.stream.StreamStats.GatherStage;
import io.offloadstream.stream.StreamStats.PassRecord;
import io.offloadstream.stream.StreamStats.ReadStage;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/** Counts for {@link StreamStats}. Guarded by the pipeline's lock. */
final class StreamCounters {

    private final Deque<PassRecord> recent = new ArrayDeque<>();
    private final List<Integer> groupsRead = new ArrayList<>();
    private long passes;
    private long readBytes;
    private long requests;
    private long readNanos;
    private long readWaitNanos;
    private long readerWakeUps;
    private long groups;
    private long computeNanos;
    private long computeWaitNanos;
    private long rowsFromMemory;
    private long rowsFromDisk;
    private long gatherBytes;
    private long gatherWaitNanos;
    private long passStart;
    private long passBytes;
    private long passHostBytes;
    private int requestsInFlight;
    private int mostInFlight;
    private long inFlightSince = System.nanoTime();
    private boolean passIsOpen;
    private long passIdleNanos;
    private long passWaitNanos;
    private long passWeightBytes;
    private long lastReadBytes;
    private long lastReadNanos;
    private int passPrefetched;
    private DeviceTimes before = DeviceTimes.NONE;

    void request(PieceReads reads) {
        readBytes += reads.diskBytes();
        requests += reads.diskBytes() > 0 ? 1 : 0;
        readNanos += reads.diskNanos();
    }

    void readerWoke() {
        readerWakeUps++;
    }

    /** Counts how long fewer requests than possible were in flight, and from now on are. */
    void inFlight(int requests, int most) {
        long now = System.nanoTime();
        long idle = (now - inFlightSince) * Math.max(0, mostInFlight - requestsInFlight);
        readWaitNanos += idle;
        passIdleNanos += passIsOpen ? idle : 0;
        inFlightSince = now;
        requestsInFlight = requests;
        mostInFlight = most;
    }

    void waited(long nanos) {
        computeWaitNanos += nanos;
        passWaitNanos += nanos;
    }

    void computed(long weightBytes, long nanos) {
        groups++;
        passWeightBytes += weightBytes;
        computeNanos += nanos;
    }

    void gathered(long fromMemory, long fromDisk, long bytes, long nanos) {
        rowsFromMemory += fromMemory;
        rowsFromDisk += fromDisk;
        gatherBytes += bytes;
        gatherWaitNanos += nanos;
    }

    void passBegan() {
        passStart = System.nanoTime();
        passBytes = 0;
        passHostBytes = 0;
        inFlight(requestsInFlight, mostInFlight);
        passIsOpen = true;
        passIdleNanos = 0;
        passWaitNanos = 0;
        passWeightBytes = 0;
        passPrefetched = 0;
        groupsRead.clear();
    }

    /** Counts a group that is used for the first time since it was brought into a slot. */
    void groupRead(Slot slot, boolean prefetched) {
        passHostBytes += slot.hostBytes();
        if (slot.diskBytes() > 0 || slot.hostBytes() == 0) {
            groupsRead.add(slot.group());
            passBytes += slot.diskBytes();
            passPrefetched += prefetched ? 1 : 0;
        }
    }

    /**
     * Counts a pass.
     *
     * @return what it took
     */
    PassCost passEnded(boolean complete, DeviceTimes times) {
        passes++;
        inFlight(requestsInFlight, mostInFlight);
        passIsOpen = false;
        if (recent.size() == StreamStats.MOST_RECENT_PASSES) {
            recent.removeFirst();
        }
        recent.addLast(
                new PassRecord(
                        passes,
                        complete,
                        groupsRead,
                        passPrefetched,
                        passBytes,
                        passHostBytes,
                        times.comparedNanos() - before.comparedNanos(),
                        times.overlappedNanos() - before.overlappedNanos(),
                        System.nanoTime() - passStart));
        before = times;
        PassCost cost =
                new PassCost(
                        passWeightBytes,
                        passBytes,
                        readBytes - lastReadBytes,
                        readNanos - lastReadNanos,
                        passIdleNanos,
                        passWaitNanos);
        lastReadBytes = readBytes;
        lastReadNanos = readNanos;
        return cost;
    }

    StreamStats snapshot(
            StreamOptions.Io filesIo,
            Optional<GdsStatus> gds,
            DeviceTimes times,
            long residentBytes,
            long hostBytes,
            int reclaimedGroups,
            long readerCpuNanos,
            Pacing pacing) {
        inFlight(requestsInFlight, mostInFlight);
        boolean byGds = gds.isPresent() && gds.get().mode() != GdsMode.UNAVAILABLE;
        return new StreamStats(
                byGds ? StreamOptions.Io.GDS : filesIo,
                gds,
                passes,
                new ReadStage(
                        readBytes,
                        requests,
                        readNanos,
                        readWaitNanos,
                        readerCpuNanos,
                        readerWakeUps),
                times.upload(),
                new ComputeStage(
                        groups,
                        times.onDevice() ? times.computeNanos() : computeNanos,
                        computeWaitNanos),
                new GatherStage(rowsFromMemory, rowsFromDisk, gatherBytes, gatherWaitNanos),
                List.copyOf(recent),
                residentBytes,
                hostBytes,
                reclaimedGroups,
                pacing.pace(),
                pacing.isSettled());
    }
}
