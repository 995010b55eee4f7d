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
    private int passPrefetched;
    private DeviceTimes before = DeviceTimes.NONE;

    void request(PieceReads reads) {
        readBytes += reads.diskBytes();
        requests += reads.diskBytes() > 0 ? 1 : 0;
        readNanos += reads.diskNanos();
    }

    void readerWaited(long nanos) {
        readWaitNanos += nanos;
    }

    void waited(long nanos) {
        computeWaitNanos += nanos;
    }

    void computed(long nanos) {
        groups++;
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

    void passEnded(boolean complete, DeviceTimes times) {
        passes++;
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
    }

    StreamStats snapshot(
            StreamOptions.Io filesIo,
            Optional<GdsStatus> gds,
            DeviceTimes times,
            long residentBytes,
            long hostBytes,
            int reclaimedGroups) {
        boolean byGds = gds.isPresent() && gds.get().mode() != GdsMode.UNAVAILABLE;
        return new StreamStats(
                byGds ? StreamOptions.Io.GDS : filesIo,
                gds,
                passes,
                new ReadStage(readBytes, requests, readNanos, readWaitNanos),
                times.upload(),
                new ComputeStage(
                        groups,
                        times.onDevice() ? times.computeNanos() : computeNanos,
                        computeWaitNanos),
                new GatherStage(rowsFromMemory, rowsFromDisk, gatherBytes, gatherWaitNanos),
                List.copyOf(recent),
                residentBytes,
                hostBytes,
                reclaimedGroups);
    }
}
