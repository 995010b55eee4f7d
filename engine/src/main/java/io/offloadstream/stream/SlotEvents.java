/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.Owned;

/**
 * The events by which the copies into one slot and the computation in it wait for each other. A
 * slot in host memory has none of them. Thread-safe.
 */
final class SlotEvents implements AutoCloseable {

    /** The computation has ended with what was in the slot. */
    private SharedEvent freed;

    /** All uploads of what is in the slot have ended. */
    private SharedEvent ready;

    private int missing;
    private boolean started;
    private DeviceException failureBefore;

    /** Begins a filling of this many pieces. */
    synchronized void begin(int pieces) {
        ready = replace(ready, null);
        missing = pieces;
        started = false;
    }

    /**
     * Makes the copies of a piece, which are enqueued from now on, wait for the computation that
     * used the slot before.
     *
     * @param copies the copy stream
     * @param lastFailure of the copy stream, null if it never failed
     * @throws DeviceException if it has failed since the first piece: that one may be missing,
     *     though the last one's end will not tell
     */
    synchronized void startPiece(DeviceStream copies, DeviceException lastFailure) {
        if (started && failureBefore != lastFailure) {
            throw new DeviceException(
                    "an earlier copy of the same group failed: " + lastFailure.getMessage(),
                    lastFailure);
        }
        started = true;
        failureBefore = lastFailure;
        if (freed != null && !isFreed()) {
            copies.await(freed.event());
        }
        freed = replace(freed, null);
    }

    /**
     * Whether the copies need not wait. They must not wait for work that failed, or they would fail
     * with it; but a device that does not answer may still be at work, so then the caller waits.
     */
    private boolean isFreed() {
        try {
            return freed.event().isPassed();
        } catch (DeviceException e) {
            awaitUnused();
            return true;
        }
    }

    /** Counts a piece whose copies are enqueued; takes the event over. */
    synchronized void uploaded(SharedEvent end) {
        missing--;
        if (missing == 0) {
            // copies run in the order in which they were enqueued: the last one's end is all's
            ready = replace(ready, end);
        } else {
            end.close();
        }
    }

    /**
     * Looks whether the uploads have ended.
     *
     * @throws DeviceException if one has failed
     */
    synchronized void checkArrival() {
        if (ready != null && ready.event().isPassed()) {
            ready = replace(ready, null);
        }
    }

    /** Makes what the computation enqueues from now on wait for the uploads. */
    synchronized void awaitReady(DeviceStream compute) {
        if (ready != null) {
            compute.await(ready.event());
        }
    }

    /** Sets the end of the computation in the slot; takes the event over. */
    synchronized void freed(SharedEvent end) {
        freed = replace(freed, end);
    }

    /**
     * Waits for the end of the computation in the slot; whether it failed is its pass's concern.
     */
    synchronized void awaitUnused() {
        if (freed != null) {
            try {
                freed.event().await();
            } catch (DeviceException e) {
                // ended all the same
                freed = replace(freed, null);
            }
        }
    }

    private static SharedEvent replace(SharedEvent old, SharedEvent now) {
        if (old != null) {
            old.close();
        }
        return now;
    }

    /** Frees the events. Called when no stream uses the slot any more. */
    @Override
    public synchronized void close() {
        Owned.closeAll(() -> freed = replace(freed, null), () -> ready = replace(ready, null));
    }
}
