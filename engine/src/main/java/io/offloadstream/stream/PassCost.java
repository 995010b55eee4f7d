/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

/**
 * What a pass took, for {@link PaceSearch}.
 *
 * @param weightBytes of the groups that it computed with, wherever they came from
 * @param streamedBytes of those that came from disk, whenever they were read
 * @param readBytes read from disk since the pass before ended
 * @param readNanos time in these reads, all together
 * @param idleNanos time of the pass in which more requests could have been in flight, times how
 *     many more
 * @param waitNanos time that the computation waited for groups
 */
record PassCost(
        long weightBytes,
        long streamedBytes,
        long readBytes,
        long readNanos,
        long idleNanos,
        long waitNanos) {

    /** The time of a pass as the readers see it, per byte of the model. */
    double nanosPerByte(int requests) {
        return (streamNanos() + idleNanos) / requests / weightBytes;
    }

    /** The time of the reads that the pass needed, all together. */
    double streamNanos() {
        return (double) readNanos / readBytes * streamedBytes;
    }

    /** The time that a byte takes to read while all readers read. */
    double readNanosPerByte(int requests) {
        return (double) readNanos / requests / readBytes;
    }
}
