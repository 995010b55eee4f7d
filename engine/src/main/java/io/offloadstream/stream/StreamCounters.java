/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.stream.StreamStats.ComputeStage;
import io.offloadstream.stream.StreamStats.GatherStage;
import io.offloadstream.stream.StreamStats.PassRecord;
import io.offloadstream.stream.StreamStats.ReadStage;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

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
    private int passPrefetched;

    void request(long bytes, long nanos) {
        readBytes += bytes;
        requests++;
        readNanos += nanos;
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
        passPrefetched = 0;
        groupsRead.clear();
    }

    void groupRead(int group, long bytes, boolean prefetched) {
        groupsRead.add(group);
        passBytes += bytes;
        passPrefetched += prefetched ? 1 : 0;
    }

    void passEnded(boolean complete) {
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
                        System.nanoTime() - passStart));
    }

    StreamStats snapshot(StreamOptions.Io io, long residentBytes, int reclaimedGroups) {
        return new StreamStats(
                io,
                passes,
                new ReadStage(readBytes, requests, readNanos, readWaitNanos),
                new ComputeStage(groups, computeNanos, computeWaitNanos),
                new GatherStage(rowsFromMemory, rowsFromDisk, gatherBytes, gatherWaitNanos),
                List.copyOf(recent),
                residentBytes,
                reclaimedGroups);
    }
}
