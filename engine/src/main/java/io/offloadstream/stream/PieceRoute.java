/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

/**
 * How a piece of a group gets into its slot. Reader threads call it, several at a time.
 *
 * <p>In host memory it is read in place ({@link InHostMemory}); to a device it goes through a
 * pinned chunk ({@link StagedRoute}), or from host memory that keeps it ({@link HostGroupRoute}).
 */
@FunctionalInterface
interface PieceRoute {

    /**
     * Brings a piece into its slot: when this returns its bytes are there, or on their way in the
     * copy stream.
     *
     * @param work the piece and its slot, whose bytes belong to the readers
     * @param reads of the calling thread: does reads, and is told where bytes came from
     * @throws io.offloadstream.platform.OffloadStreamException if a read or the device fails;
     *     nothing of this piece is read or copied any more
     */
    void carry(Work work, PieceReads reads);
}
