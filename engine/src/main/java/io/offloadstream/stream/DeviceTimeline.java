/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.Owned;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * When the copy stream and the compute stream of a device were busy, by events that have passed: it
 * looks, and never waits. Thread-safe.
 *
 * <p>Two streams of intervals are merged as they become known, and forgotten once nothing that
 * comes later can overlap them.
 */
final class DeviceTimeline implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(DeviceTimeline.class);

    /** A stream of the device. */
    enum Track {
        COPY,
        COMPUTE
    }

    /** Work between two events; under way as long as it has no end. */
    static final class Span implements AutoCloseable {
        private final Track track;
        private final String name;
        private final SharedEvent start;
        private SharedEvent end;
        private long bytes;

        private Span(Track track, String name, SharedEvent start) {
            this.track = track;
            this.name = name;
            this.start = start;
        }

        @Override
        public void close() {
            Owned.closeAll(start, end);
        }
    }

    private static final class Busy {
        /** In the order of the stream, so the first one ends first. */
        private final Deque<Span> pending = new ArrayDeque<>();

        /** Begin and end of what has ended and may overlap what is to come of the other stream. */
        private final Deque<long[]> known = new ArrayDeque<>();

        private long nanos;
        private long lastEnd = Long.MIN_VALUE;
    }

    private final Map<Track, Busy> tracks = new EnumMap<>(Track.class);
    private final DeviceTrace trace;
    private boolean failed;
    private long comparedNanos;
    private long overlappedNanos;

    /**
     * Constructs an empty timeline.
     *
     * @param trace where intervals are written, or null
     */
    DeviceTimeline(DeviceTrace trace) {
        this.trace = trace;
        for (Track track : Track.values()) {
            tracks.put(track, new Busy());
        }
    }

    /** Records the begin of work in a stream. */
    Span begin(Track track, DeviceStream stream, String name) {
        Span span = new Span(track, name, new SharedEvent(stream.record()));
        synchronized (this) {
            tracks.get(track).pending.add(span);
        }
        return span;
    }

    /** Records its end; takes the event over. */
    synchronized void end(Span span, SharedEvent end, long bytes) {
        span.end = end;
        span.bytes = bytes;
    }

    /** Forgets work whose end could not be recorded. */
    synchronized void abandon(Span span) {
        if (span != null && tracks.get(span.track).pending.remove(span)) {
            span.close();
        }
    }

    /** Time that the compute stream was busy, as far as its events have passed. */
    synchronized long computeNanos() {
        return tracks.get(Track.COMPUTE).nanos;
    }

    /** Likewise, the copy stream. */
    synchronized long copyNanos() {
        return tracks.get(Track.COPY).nanos;
    }

    /** Time of the copy stream that was compared with the compute stream's. */
    synchronized long comparedNanos() {
        return comparedNanos;
    }

    /** How much of {@link #comparedNanos()} the compute stream was busy too. */
    synchronized long overlappedNanos() {
        return overlappedNanos;
    }

    /** Tells whether work has failed that was not told of before. */
    synchronized boolean takeFailure() {
        update();
        boolean was = failed;
        failed = false;
        return was;
    }

    /** Takes in what has passed meanwhile. */
    synchronized void update() {
        Busy copy = tracks.get(Track.COPY);
        Busy compute = tracks.get(Track.COMPUTE);
        // looked at first: what ends while we look may be younger than an interval that we forget
        boolean noCopies = copy.pending.isEmpty();
        takePassed(copy);
        takePassed(compute);
        merge(copy.known, compute.known);
        if (noCopies && copy.known.isEmpty()) {
            compute.known.clear();
        }
        if (compute.pending.isEmpty() && compute.known.isEmpty()) {
            for (long[] alone : copy.known) {
                comparedNanos += alone[1] - alone[0];
            }
            copy.known.clear();
        }
    }

    private void takePassed(Busy busy) {
        while (!busy.pending.isEmpty()) {
            Span span = busy.pending.peekFirst();
            try {
                if (span.end == null || !span.end.event().isPassed()) {
                    return;
                }
                take(busy, span);
            } catch (DeviceException | IllegalStateException e) {
                // work that failed took no time; its failure reaches those who need the result
                failed = true;
                LOG.debug("{} has no times", span.name, e);
            }
            busy.pending.removeFirst();
            span.close();
        }
    }

    private void take(Busy busy, Span span) {
        long end = span.end.event().passedNanos();
        // leases may lie within each other
        long begin = Math.max(busy.lastEnd, span.start.event().passedNanos());
        if (begin >= end) {
            return;
        }
        busy.known.addLast(new long[] {begin, end});
        busy.nanos += end - begin;
        busy.lastEnd = end;
        if (trace != null) {
            trace.write(span.track, span.name, begin, end - begin, span.bytes);
        }
    }

    /** Compares the two until one of them is used up. */
    private void merge(Deque<long[]> copies, Deque<long[]> computations) {
        while (!copies.isEmpty() && !computations.isEmpty()) {
            long[] copy = copies.peekFirst();
            long[] computation = computations.peekFirst();
            long both = Math.min(copy[1], computation[1]) - Math.max(copy[0], computation[0]);
            overlappedNanos += Math.max(0, both);
            if (copy[1] <= computation[1]) {
                comparedNanos += copy[1] - copy[0];
                copies.removeFirst();
            } else {
                computations.removeFirst();
            }
        }
    }

    /** Frees the events. Called when the streams have ended. */
    @Override
    public synchronized void close() {
        Owned.closeAll(this::update, this::closePending);
    }

    private void closePending() {
        for (Busy busy : tracks.values()) {
            Owned.closeAll(busy.pending);
            busy.pending.clear();
        }
    }
}
