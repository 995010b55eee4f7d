/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

/**
 * A point in a {@link DeviceStream}: it has passed when all work that was enqueued before has
 * ended. Immutable but for its passing; any thread may use it.
 */
public interface DeviceEvent extends AutoCloseable {

    /**
     * Tells whether it has passed, without waiting.
     *
     * @return true once it has
     * @throws DeviceException if the device has failed
     */
    boolean isPassed();

    /**
     * Makes the calling thread wait until it has passed. Not for the hot path.
     *
     * @throws DeviceException if the work before it failed
     */
    void await();

    /**
     * Returns when it passed.
     *
     * @return nanoseconds on a clock of the device: differences between events of one device mean
     *     something, of any of its streams
     * @throws IllegalStateException if it has not passed
     */
    long passedNanos();

    /** Frees it. Streams that were told to await it still do. Closing twice has no effect. */
    @Override
    void close();
}
