/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.cpu;

import io.offloadstream.platform.DeviceEvent;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.HostMemory;

/** The CPU's work is done when it is asked for: a stream that is always empty. */
final class HostStream implements DeviceStream {

    /** Buffers of one call are indexed by int. */
    private static final int MOST_BYTES = 1 << 30;

    /**
     * An event that passed when it was recorded.
     *
     * @param passedNanos by the JVM's clock
     */
    private record Passed(long passedNanos) implements DeviceEvent {

        @Override
        public boolean isPassed() {
            return true;
        }

        @Override
        public void await() {
            // nothing to wait for
        }

        @Override
        public void close() {
            // holds nothing
        }
    }

    @Override
    public void upload(long hostSource, long target, long sizeBytes) {
        copy(hostSource, target, sizeBytes);
    }

    @Override
    public void download(
            long source, long hostTarget, long hostStrideBytes, long rowBytes, int rows) {
        for (int row = 0; row < rows; row++) {
            copy(source + row * rowBytes, hostTarget + row * hostStrideBytes, rowBytes);
        }
    }

    @Override
    public void copy(long source, long target, long sizeBytes) {
        for (long done = 0; done < sizeBytes; done += MOST_BYTES) {
            int part = (int) Math.min(MOST_BYTES, sizeBytes - done);
            HostMemory.view(target + done, part).put(HostMemory.view(source + done, part));
        }
    }

    @Override
    public DeviceEvent record() {
        return new Passed(System.nanoTime());
    }

    @Override
    public void await(DeviceEvent event) {
        event.await();
    }

    @Override
    public void flush() {
        // nothing waits
    }

    @Override
    public void synchronize() {
        // nothing runs
    }

    @Override
    public void close() {
        // holds nothing
    }
}
