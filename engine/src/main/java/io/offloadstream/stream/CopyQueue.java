/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.stream.StreamStats.UploadStage;
import java.util.EnumMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one stream on which weights go to the device. The reader that has a piece enqueues its copies
 * here itself; events keep them from slots that are still computed in. Thread-safe.
 */
final class CopyQueue implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(CopyQueue.class);

    private final DeviceStream stream;
    private final DeviceStream compute;
    private final DeviceTimeline timeline;
    private final Map<Origin, Long> bytesByOrigin = new EnumMap<>(Origin.class);
    private long pieces;
    private DeviceException lastFailure;
    private boolean failed;

    /** Where the bytes of a piece were before. */
    enum Origin {
        DISK,
        /** Pinned host memory that keeps the group. */
        HOST,
        /** Likewise, but not pinned. */
        UNPINNED_HOST
    }

    /** A copy of one segment: {@link DeviceStream#upload}, or {@link DeviceStream#copy}. */
    @FunctionalInterface
    interface SegmentCopy {

        /** Enqueues it. */
        void enqueue(DeviceStream stream, long source, long target, long sizeBytes);
    }

    /**
     * Constructs the queue.
     *
     * @param stream the copy stream, closed with this
     * @param compute the stream that computes in the slots, owned by the backend
     * @param timeline where copies are recorded
     */
    CopyQueue(DeviceStream stream, DeviceStream compute, DeviceTimeline timeline) {
        this.stream = stream;
        this.compute = compute;
        this.timeline = timeline;
    }

    /**
     * Enqueues the copies of a piece into its slot.
     *
     * @param work the piece
     * @param source where it lies
     * @param copy how each segment is copied
     * @param origin where the bytes come from, for statistics
     * @return the end of the copies, for the caller to close: until then the source is in use
     * @throws DeviceException if the device refuses; the source is not in use then
     */
    synchronized SharedEvent enqueue(Work work, long source, SegmentCopy copy, Origin origin) {
        DeviceTimeline.Span span = null;
        SharedEvent end = null;
        boolean complete = false;
        try {
            SlotEvents events = work.slot().events();
            events.startPiece(stream, lastFailure);
            span = timeline.begin(DeviceTimeline.Track.COPY, stream, work.name());
            long slot = work.slot().memory().address();
            long bytes = 0;
            for (Segment segment : work.piece().segments()) {
                copy.enqueue(
                        stream,
                        source + segment.sourceOffset(),
                        slot + segment.targetOffset(),
                        segment.sizeBytes());
                bytes += segment.sizeBytes();
            }
            end = new SharedEvent(stream.record());
            timeline.end(span, end.share(), bytes);
            events.uploaded(end.share());
            stream.flush();
            bytesByOrigin.merge(origin, bytes, Long::sum);
            pieces++;
            complete = true;
            return end;
        } finally {
            if (!complete) {
                failed = true;
                timeline.abandon(span);
                if (end != null) {
                    end.close();
                }
                settle();
            }
        }
    }

    /**
     * Clears what failed in an earlier pass, so that the next one works if the device does. Called
     * between passes: nobody else waits for the failures of the compute stream.
     *
     * @param afterFailure whether the pass before did not run to its end, or work of the device has
     *     failed
     */
    synchronized void recover(boolean afterFailure) {
        if (failed || afterFailure) {
            settle();
            try {
                compute.synchronize();
            } catch (DeviceException e) {
                LOG.debug("the compute stream of an ended pass", e);
            }
            failed = false;
        }
    }

    /** Notes that an event is missing: both streams are waited for before the next pass. */
    synchronized void failed() {
        failed = true;
    }

    /**
     * Waits until no copy is under way. A slot knows by its event whether its own have failed, or
     * by the stream's last failure if they were not all enqueued yet.
     */
    synchronized void settle() {
        try {
            stream.synchronize();
        } catch (DeviceException e) {
            failed = true;
            lastFailure = e;
            LOG.debug("copies to the device ended with a failure", e);
        }
    }

    /** Makes statistics of what was enqueued so far. */
    synchronized UploadStage stage(long busyNanos, long waitNanos) {
        long unpinned = bytes(Origin.UNPINNED_HOST);
        return new UploadStage(
                bytes(Origin.DISK),
                bytes(Origin.HOST) + unpinned,
                unpinned,
                pieces,
                busyNanos,
                waitNanos);
    }

    private long bytes(Origin origin) {
        return bytesByOrigin.getOrDefault(origin, 0L);
    }

    /** Waits for the end of the copies and closes their stream. */
    @Override
    public synchronized void close() {
        stream.close();
    }
}
