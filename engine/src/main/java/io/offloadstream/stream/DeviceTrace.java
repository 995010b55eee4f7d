/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.platform.DeviceEvent;
import io.offloadstream.platform.DeviceStream;

/** Writes what a device did to the trace file, on the host's clock. */
final class DeviceTrace {

    private final TraceFile file;
    private final long hostMinusDeviceNanos;

    /**
     * Compares the clocks, once: they may drift apart by some microseconds in a second.
     *
     * @param file the trace
     * @param stream any stream of the device
     */
    DeviceTrace(TraceFile file, DeviceStream stream) {
        this.file = file;
        try (DeviceEvent now = stream.record()) {
            now.await();
            hostMinusDeviceNanos = System.nanoTime() - now.passedNanos();
        }
        file.nameDevice();
    }

    /** Writes an interval whose times are the device's. */
    void write(DeviceTimeline.Track track, String name, long begin, long nanos, long bytes) {
        file.event(file.deviceTrack(track), name, begin + hostMinusDeviceNanos, nanos, bytes);
    }
}
